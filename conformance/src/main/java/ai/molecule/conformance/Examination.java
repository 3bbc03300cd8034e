package ai.molecule.conformance;

import ai.molecule.conformance.Caller.Answered;
import ai.molecule.conformance.Finding.Level;
import ai.molecule.conformance.Finding.Outcome;
import ai.molecule.protocol.A2aMethod;
import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.AgentCard;
import ai.molecule.protocol.Canonical;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Message;
import ai.molecule.protocol.TaskState;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/// Takes an agent through everything that the contract says, once, in the order in which it can be seen.
final class Examination {

    private static final Duration LOOK = Duration.ofMillis(250);
    private static final Duration AFTER_BEAT = Duration.ofSeconds(10);
    private static final Duration STOP = Duration.ofSeconds(10);
    private static final Duration REACHED = Duration.ofSeconds(15);
    private static final String REGISTER = "/registry/register";
    private static final String HEARTBEAT = "/registry/heartbeat";

    private final Target target;
    private final PlayedPlatform platform;
    private final Script script;
    private final Consumer<String> progress;
    private final List<Finding> findings = new ArrayList<>();

    /// What the agent is told.
    ///
    /// @param ready how long it may take to register
    /// @param beat within which time it must beat
    /// @param say something that it answers
    /// @param slow something that takes it a while; empty for nothing of the kind
    /// @param ask something that has it ask a colleague, `{peer}`; empty for nothing of the kind
    record Script(Duration ready, Duration beat, String say, String slow, String ask) {}

    /// @param progress what is looked at now
    Examination(Target target, PlayedPlatform platform, Script script, Consumer<String> progress) {
        this.target = target;
        this.platform = platform;
        this.script = script;
        this.progress = progress;
    }

    /// Examines.
    ///
    /// @throws IOException when the agent cannot be started at all
    Report run() throws IOException, InterruptedException {
        progress.accept("starting " + target.name());
        target.start(platform, platform.enrolment(), Map.of());
        var registered = registers();
        if (registered.isPresent()) {
            var card = registered.get().body().path("agent_card");
            card(card);
            var caller = reached(registered.get().body());
            if (caller.isPresent()) {
                new Talking(caller.get(), card).all();
            }
            beats();
            asks();
            ends();
        }
        return new Report(target.name(), findings);
    }

    private void found(Level level, String id, String requirement, Outcome outcome, String detail) {
        findings.add(new Finding(level, id, requirement, outcome, detail));
        progress.accept(outcome.name().toLowerCase(Locale.ROOT) + " " + id + " " + requirement);
    }

    private void found(Level level, String id, String requirement, boolean passed, String detail) {
        found(level, id, requirement, passed ? Outcome.PASSED : Outcome.FAILED, detail);
    }

    private Optional<Seen> registers() throws InterruptedException {
        var began = System.nanoTime();
        var requirement = "registers with its enrolment";
        var seen = Optional.<Seen>empty();
        do {
            var alive = target.alive();
            seen = platform.await(0, LOOK, one -> one.is("POST", REGISTER) && one.status() == 200);
            if (!alive) {
                break;
            }
        } while (seen.isEmpty() && System.nanoTime() - began < script.ready().toNanos());
        if (seen.isPresent()) {
            var took = (System.nanoTime() - began) / 1_000_000;
            found(Level.JOINS, "M1", requirement, true, "after " + took + " ms");
            return seen;
        }
        var tried = platform.seen().stream()
                .filter(one -> one.is("POST", REGISTER))
                .map(one -> "it was refused with " + one.status())
                .findFirst()
                .orElse(target.alive() ? "nothing came within " + script.ready().toSeconds() + " s" : "it ended");
        found(Level.JOINS, "M1", requirement, false, tried + "; its last words:\n" + target.lastWords());
        return Optional.empty();
    }

    private void card(JsonNode card) {
        var missing = new ArrayList<String>();
        for (var field : List.of("name", "description", "version")) {
            if (card.path(field).asText().isBlank()) {
                missing.add(field);
            }
        }
        if (!card.path("capabilities").isObject()) {
            missing.add("capabilities");
        }
        if (!card.path("skills").isArray()) {
            missing.add("skills");
        }
        found(
                Level.JOINS,
                "M2",
                "shows a card of A2A",
                missing.isEmpty(),
                missing.isEmpty() ? card.path("name").asText() : "it lacks " + String.join(", ", missing));
    }

    private Optional<Caller> reached(JsonNode registration) throws InterruptedException {
        var requirement = "is reached where it says";
        var url = registration.path("url").asText();
        if (url.isEmpty() || registration.path("delivery_mode").asText().equals("uplink")) {
            var open = platform.uplink().awaitOpen(REACHED);
            found(Level.JOINS, "M3", requirement, open, open ? "over its uplink" : "it opened no uplink");
            return open ? Optional.of(new Caller(platform, Optional.empty())) : Optional.empty();
        }
        var deadline = System.nanoTime() + REACHED.toNanos();
        var why = "";
        while (System.nanoTime() < deadline) {
            try {
                var caller = new Caller(platform, Optional.of(target.reachable(URI.create(url))));
                settle(caller);
                found(Level.JOINS, "M3", requirement, true, url);
                return Optional.of(caller);
            } catch (IOException | IllegalArgumentException notYet) {
                why = String.valueOf(notYet);
                Thread.sleep(LOOK);
            }
        }
        found(Level.JOINS, "M3", requirement, false, url + ": " + why);
        return Optional.empty();
    }

    /// Gives it a moment to read what it was answered: until then it does not know who calls.
    private static void settle(Caller caller) throws IOException, InterruptedException {
        for (int looks = 0; looks < 10 && caller.get("/" + AgentCard.PATH).status() == 401; looks++) {
            Thread.sleep(LOOK);
        }
    }

    private void beats() throws InterruptedException {
        progress.accept("waiting for a heartbeat");
        var over = platform.uplink().isOpen();
        var beat = over
                ? platform.uplink()
                        .awaitFrame(
                                script.beat(),
                                frame -> frame.path("type").asText().equals("beat"))
                        .isPresent()
                : platform.await(0, script.beat(), one -> one.is("POST", HEARTBEAT) && one.status() == 200)
                        .isPresent();
        var refused = platform.seen().stream()
                .filter(one -> one.is("POST", HEARTBEAT) && one.status() != 200)
                .map(one -> "; it was refused with " + one.status())
                .findFirst()
                .orElse("");
        found(
                Level.JOINS,
                "M5",
                "beats with the token that it was given",
                beat,
                beat ? "" : "nothing came within " + script.beat().toSeconds() + " s" + refused);
    }

    /// What it asked the platform meanwhile.
    private void asks() {
        var own = "/workspaces/" + platform.workspace();
        var secrets = platform.seen().stream().anyMatch(one -> one.is("GET", own + "/secrets/values"));
        found(
                Level.BELONGS,
                "O1",
                "fetches its secrets, and so has new ones without a restart",
                secrets ? Outcome.PASSED : Outcome.SKIPPED,
                secrets ? "" : "it did not; it has those of its start");
        var configured = platform.seen().stream().anyMatch(one -> one.is("GET", own + "/configuration"));
        found(
                Level.BELONGS,
                "O2",
                "reads what it is configured with",
                configured ? Outcome.PASSED : Outcome.SKIPPED,
                configured ? "" : "it did not ask");
    }

    private void ends() throws IOException, InterruptedException {
        var stopped = target.stop(STOP);
        found(
                Level.HOLDS,
                "S8",
                "ends within " + STOP.toSeconds() + " s of SIGTERM",
                stopped,
                stopped ? "" : "it runs on");
        if (!stopped) {
            return;
        }
        var before = platform.seen().size();
        target.start(platform, "", Map.of());
        var again = platform.await(before, script.ready(), one -> one.is("POST", REGISTER));
        var kept = again.isPresent() && again.get().bearer().equals(platform.token());
        found(
                Level.HOLDS,
                "S9",
                "keeps its token: started again, it registers with that",
                kept,
                kept ? "" : again.isEmpty() ? "it did not register again" : "it showed something else");
        if (!kept) {
            return;
        }
        progress.accept("telling it that its workspace is gone");
        platform.remove();
        var gone = target.awaitEnd(script.beat().plus(AFTER_BEAT));
        found(
                Level.BELONGS,
                "O5",
                "ends when its workspace was removed (410)",
                gone ? Outcome.PASSED : Outcome.SKIPPED,
                gone ? "" : "it runs on; the platform stops what it started itself");
    }

    /// What it does with messages.
    private final class Talking {

        private final Caller caller;
        private final JsonNode card;
        private final A2aVersion version;

        Talking(Caller caller, JsonNode card) {
            this.caller = caller;
            this.card = card;
            this.version = AgentCard.spokenBy(card);
        }

        void all() throws InterruptedException {
            var sent = message(script.say());
            var task = answers(sent);
            streams();
            if (task.isPresent()) {
                told(task.get());
                again(sent, task.get());
            } else {
                skip("S2", "tells of its tasks (tasks/get)");
                skip("S3", "takes a message once: sent again, it has the same task");
            }
            refuses();
            delegates();
            cancels();
        }

        private void skip(String id, String requirement) {
            found(Level.HOLDS, id, requirement, Outcome.SKIPPED, "it answers with messages, not with tasks");
        }

        private ObjectNode request(A2aMethod method, ObjectNode params) {
            var body = Json.object()
                    .put("jsonrpc", "2.0")
                    .put("id", UUID.randomUUID().toString())
                    .put("method", method.name(version));
            body.set("params", params);
            return body;
        }

        private ObjectNode message(String text) {
            var params = Json.object();
            params.set("message", Message.fromUser(text).toJson(version));
            if (version == A2aVersion.V0_3) {
                params.putObject("configuration").put("blocking", true);
            }
            return params;
        }

        /// Its task, when it made one.
        private Optional<JsonNode> answers(ObjectNode sent) throws InterruptedException {
            var requirement = "answers a message of A2A " + version.wire();
            try {
                var answered = caller.call(version, request(A2aMethod.SEND, sent));
                var result = settled(result(answered));
                var task = task(result);
                if (task.isPresent()) {
                    var state = state(task.get());
                    var text = Message.outcome(task.get());
                    var good = state.map(TaskState::settles).orElse(false) && !text.isBlank();
                    found(
                            Level.JOINS,
                            "M4",
                            requirement,
                            good,
                            state.map(Enum::name).orElse("no state") + ", " + clipped(text));
                    return task;
                }
                var said = Message.read(message(result)).map(Message::text).orElse("");
                found(
                        Level.JOINS,
                        "M4",
                        requirement,
                        !said.isBlank(),
                        said.isBlank() ? "neither a task nor a message: " + seen(answered) : clipped(said));
            } catch (IOException failed) {
                found(Level.JOINS, "M4", requirement, false, String.valueOf(failed.getMessage()));
            }
            return Optional.empty();
        }

        /// Waits for a task that goes on, as the platform does.
        private JsonNode settled(JsonNode result) throws IOException, InterruptedException {
            var now = result;
            for (int looks = 0; looks < 300; looks++) {
                var task = task(now);
                if (task.isEmpty() || state(task.get()).map(TaskState::settles).orElse(true)) {
                    return now;
                }
                Thread.sleep(Duration.ofMillis(200));
                var params = Json.object().put("id", task.get().path("id").asText());
                now = result(caller.call(version, request(A2aMethod.GET, params)));
            }
            return now;
        }

        private void streams() throws InterruptedException {
            var requirement = "streams what it says as it says it";
            if (!AgentCard.streams(card)) {
                found(Level.HOLDS, "S1", requirement, Outcome.SKIPPED, "its card does not say that it does");
                return;
            }
            try {
                var answered = caller.call(version, request(A2aMethod.STREAM, message(script.say())));
                var last = Canonical.event(result(answered));
                var over = last.map(event -> event.has("message")
                                || Optional.of(event.at("/statusUpdate/status/state")
                                                .asText())
                                        .filter(state -> !state.isEmpty())
                                        .or(() -> Optional.of(
                                                event.at("/task/status/state").asText()))
                                        .flatMap(TaskState::parse)
                                        .map(TaskState::settles)
                                        .orElse(false))
                        .orElse(false);
                found(
                        Level.HOLDS,
                        "S1",
                        requirement,
                        over,
                        answered.bodies().size() + " events" + (over ? "" : ", and the last one is no end"));
            } catch (IOException failed) {
                found(Level.HOLDS, "S1", requirement, false, String.valueOf(failed.getMessage()));
            }
        }

        private void told(JsonNode task) throws InterruptedException {
            var id = task.path("id").asText();
            var same = id.equals(taskOf(A2aMethod.GET, Json.object().put("id", id)));
            found(Level.HOLDS, "S2", "tells of its tasks (tasks/get)", same, same ? "" : "it does not know " + id);
        }

        private void again(ObjectNode sent, JsonNode task) throws InterruptedException {
            var same = task.path("id").asText().equals(taskOf(A2aMethod.SEND, sent));
            found(
                    Level.HOLDS,
                    "S3",
                    "takes a message once: sent again, it has the same task",
                    same,
                    same ? "" : "the same messageId made another task; where an answer is lost, work is done twice");
        }

        /// The id of the task that a call answers; empty for none.
        private String taskOf(A2aMethod method, ObjectNode params) throws InterruptedException {
            try {
                return task(result(caller.call(version, request(method, params))))
                        .map(task -> task.path("id").asText())
                        .orElse("");
            } catch (IOException failed) {
                return "";
            }
        }

        private void refuses() throws InterruptedException {
            var unknown = request(
                    A2aMethod.GET, Json.object().put("id", UUID.randomUUID().toString()));
            error(
                    "S4",
                    "refuses what it does not know: another's task with -32001",
                    () -> caller.call(version, unknown),
                    -32001);
            var senseless = request(A2aMethod.GET, Json.object()).put("method", "NoSuchMethod");
            error("S5", "refuses an unknown method with -32601", () -> caller.call(version, senseless), -32601);
            if (!caller.overHttp()) {
                for (var id : List.of("S6", "S7")) {
                    found(
                            Level.HOLDS,
                            id,
                            id.equals("S6") ? "lets nobody in but the platform" : "shows its card where A2A says",
                            Outcome.SKIPPED,
                            "it has no port");
                }
                return;
            }
            try {
                var stranger = caller.callAsStranger(request(A2aMethod.SEND, message(script.say())));
                var refused = stranger.status() == 401 || stranger.status() == 403;
                found(
                        Level.HOLDS,
                        "S6",
                        "lets nobody in but the platform",
                        refused,
                        refused ? "" : "somebody without the inbound secret was answered with " + stranger.status());
                var open = caller.get("/" + AgentCard.PATH);
                var shows = open.status() == 200 && open.last().has("name");
                found(
                        Level.HOLDS,
                        "S7",
                        "shows its card where A2A says",
                        shows,
                        shows ? "" : "/" + AgentCard.PATH + " answered " + open.status());
            } catch (IOException failed) {
                found(Level.HOLDS, "S6", "lets nobody in but the platform", false, String.valueOf(failed.getMessage()));
            }
        }

        /// One call.
        private interface Call {
            Answered make() throws IOException, InterruptedException;
        }

        private void error(String id, String requirement, Call call, int code) throws InterruptedException {
            try {
                var answered = call.make();
                var found = answered.last().path("error").path("code").asInt() == code;
                found(Level.HOLDS, id, requirement, found, found ? "" : "it answered " + seen(answered));
            } catch (IOException failed) {
                found(Level.HOLDS, id, requirement, false, String.valueOf(failed.getMessage()));
            }
        }

        private void delegates() throws InterruptedException {
            var requirement = "asks a colleague, through the platform";
            if (script.ask().isEmpty()) {
                found(Level.BELONGS, "O3", requirement, Outcome.SKIPPED, "--ask says what has it do so");
                return;
            }
            var before = platform.seen().size();
            var text = script.ask().replace("{peer}", platform.colleague().toString());
            taskOf(A2aMethod.SEND, message(text));
            var heard = platform.await(
                            before,
                            Duration.ofSeconds(20),
                            one -> one.is("POST", "/workspaces/" + platform.colleague() + "/a2a")
                                    && one.status() == 200)
                    .isPresent();
            found(Level.BELONGS, "O3", requirement, heard, heard ? "" : "nothing came to " + platform.colleague());
        }

        private void cancels() throws InterruptedException {
            var requirement = "stops what it is told to stop (tasks/cancel)";
            if (script.slow().isEmpty()) {
                found(Level.BELONGS, "O4", requirement, Outcome.SKIPPED, "--slow says what takes it a while");
                return;
            }
            var params = message(script.slow());
            if (version == A2aVersion.V0_3) {
                params.putObject("configuration").put("blocking", false);
            } else {
                params.putObject("configuration").put("returnImmediately", true);
            }
            var id = taskOf(A2aMethod.SEND, params);
            try {
                var canceled = id.isEmpty()
                        ? Optional.<JsonNode>empty()
                        : task(result(caller.call(
                                version, request(A2aMethod.CANCEL, Json.object().put("id", id)))));
                var state = canceled.flatMap(Talking::state);
                found(
                        Level.BELONGS,
                        "O4",
                        requirement,
                        state.filter(TaskState.CANCELED::equals).isPresent(),
                        state.map(Enum::name).orElse("there is no such task"));
            } catch (IOException failed) {
                found(Level.BELONGS, "O4", requirement, false, String.valueOf(failed.getMessage()));
            }
        }

        private static JsonNode result(Answered answered) {
            return answered.last().path("result");
        }

        private static Optional<JsonNode> task(JsonNode result) {
            var bare = result.has("task") ? result.path("task") : result;
            return bare.path("status").isObject() ? Optional.of(Canonical.task(bare)) : Optional.empty();
        }

        private static JsonNode message(JsonNode result) {
            return result.has("message") ? result.path("message") : result;
        }

        private static Optional<TaskState> state(JsonNode task) {
            return TaskState.parse(task.path("status").path("state").asText());
        }

        private static String seen(Answered answered) {
            return answered.status() + " " + clipped(Json.text(answered.last()));
        }

        private static String clipped(String text) {
            return text.length() > 200 ? text.substring(0, 200) + "…" : text;
        }
    }
}
