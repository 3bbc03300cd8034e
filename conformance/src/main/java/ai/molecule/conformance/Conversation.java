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
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// What an agent does with messages.
final class Conversation {

    private static final List<TaskState> GOOD = List.of(TaskState.COMPLETED, TaskState.INPUT_REQUIRED);
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final PlayedPlatform platform;
    private final Caller caller;
    private final JsonNode card;
    private final Examination.Script script;
    private final Findings findings;
    private final A2aVersion version;

    Conversation(PlayedPlatform platform, Caller caller, JsonNode card, Examination.Script script, Findings findings) {
        this.platform = platform;
        this.caller = caller;
        this.card = card;
        this.script = script;
        this.findings = findings;
        this.version = AgentCard.spokenBy(card);
    }

    /// Looks at all of it.
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
        findings.add(Level.HOLDS, id, requirement, Outcome.SKIPPED, "it answers with messages, not with tasks");
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
                var good = state.filter(GOOD::contains).isPresent() && !text.isBlank();
                findings.add(
                        Level.JOINS,
                        "M4",
                        requirement,
                        good,
                        state.map(Enum::name).orElse("no state") + ", " + clipped(text));
                return task;
            }
            var said = Message.read(message(result)).map(Message::text).orElse("");
            findings.add(
                    Level.JOINS,
                    "M4",
                    requirement,
                    !said.isBlank(),
                    said.isBlank() ? "neither a task nor a message: " + seen(answered) : clipped(said));
        } catch (IOException failed) {
            findings.add(Level.JOINS, "M4", requirement, false, String.valueOf(failed.getMessage()));
        }
        return Optional.empty();
    }

    /// Waits for a task that goes on, as the platform does.
    private JsonNode settled(JsonNode result) throws IOException, InterruptedException {
        var now = result;
        var deadline = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() < deadline) {
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
            findings.add(Level.HOLDS, "S1", requirement, Outcome.SKIPPED, "its card does not say that it does");
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
            findings.add(
                    Level.HOLDS,
                    "S1",
                    requirement,
                    over,
                    answered.bodies().size() + " events" + (over ? "" : ", and the last one is no end"));
        } catch (IOException failed) {
            findings.add(Level.HOLDS, "S1", requirement, false, String.valueOf(failed.getMessage()));
        }
    }

    private void told(JsonNode task) throws InterruptedException {
        var id = task.path("id").asText();
        var same = id.equals(taskOf(A2aMethod.GET, Json.object().put("id", id)));
        findings.add(Level.HOLDS, "S2", "tells of its tasks (tasks/get)", same, same ? "" : "it does not know " + id);
    }

    private void again(ObjectNode sent, JsonNode task) throws InterruptedException {
        var same = task.path("id").asText().equals(taskOf(A2aMethod.SEND, sent));
        findings.add(
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
        var unknown =
                request(A2aMethod.GET, Json.object().put("id", UUID.randomUUID().toString()));
        error(
                "S4",
                "refuses what it does not know: another's task with -32001",
                () -> caller.call(version, unknown),
                -32001);
        var senseless = request(A2aMethod.GET, Json.object()).put("method", "NoSuchMethod");
        error("S5", "refuses an unknown method with -32601", () -> caller.call(version, senseless), -32601);
        if (!caller.overHttp()) {
            for (var id : List.of("S6", "S7")) {
                findings.add(
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
            findings.add(
                    Level.HOLDS,
                    "S6",
                    "lets nobody in but the platform",
                    refused,
                    refused ? "" : "somebody without the inbound secret was answered with " + stranger.status());
            var open = caller.get("/" + AgentCard.PATH);
            var shows = open.status() == 200 && open.last().has("name");
            findings.add(
                    Level.HOLDS,
                    "S7",
                    "shows its card where A2A says",
                    shows,
                    shows ? "" : "/" + AgentCard.PATH + " answered " + open.status());
        } catch (IOException failed) {
            findings.add(
                    Level.HOLDS, "S6", "lets nobody in but the platform", false, String.valueOf(failed.getMessage()));
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
            findings.add(Level.HOLDS, id, requirement, found, found ? "" : "it answered " + seen(answered));
        } catch (IOException failed) {
            findings.add(Level.HOLDS, id, requirement, false, String.valueOf(failed.getMessage()));
        }
    }

    private void delegates() throws InterruptedException {
        var requirement = "asks a colleague, through the platform";
        if (script.ask().isEmpty()) {
            findings.add(Level.BELONGS, "O3", requirement, Outcome.SKIPPED, "--ask says what has it do so");
            return;
        }
        var before = platform.seen().size();
        var text = script.ask().replace("{peer}", platform.colleague().toString());
        taskOf(A2aMethod.SEND, message(text));
        var heard = platform.await(
                        before,
                        Duration.ofSeconds(20),
                        one -> one.is("POST", "/workspaces/" + platform.colleague() + "/a2a") && one.status() == 200)
                .isPresent();
        findings.add(Level.BELONGS, "O3", requirement, heard, heard ? "" : "nothing came to " + platform.colleague());
    }

    private void cancels() throws InterruptedException {
        var requirement = "stops what it is told to stop (tasks/cancel)";
        if (script.slow().isEmpty()) {
            findings.add(Level.BELONGS, "O4", requirement, Outcome.SKIPPED, "--slow says what takes it a while");
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
            var state = canceled.flatMap(Conversation::state);
            findings.add(
                    Level.BELONGS,
                    "O4",
                    requirement,
                    state.filter(TaskState.CANCELED::equals).isPresent(),
                    state.map(Enum::name).orElse("there is no such task"));
        } catch (IOException failed) {
            findings.add(Level.BELONGS, "O4", requirement, false, String.valueOf(failed.getMessage()));
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
