package ai.molecule.conformance;

import ai.molecule.conformance.Finding.Level;
import ai.molecule.conformance.Finding.Outcome;
import ai.molecule.protocol.AgentCard;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// Takes an agent through everything that the contract says, once, in the order in which it can be seen.
final class Examination {

    private static final Duration LOOK = Duration.ofMillis(250);
    private static final Duration AFTER_BEAT = Duration.ofSeconds(10);
    private static final Duration STOP = Duration.ofSeconds(10);
    private static final Duration REACHED = Duration.ofSeconds(15);
    private static final String STOPS = "ends within 10 s of SIGTERM";
    private static final String KEEPS = "keeps its token: started again, it registers with that";
    private static final String REGISTER = "/registry/register";
    private static final String HEARTBEAT = "/registry/heartbeat";

    private final Target target;
    private final PlayedPlatform platform;
    private final Script script;
    private final Findings findings;

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
        this.findings = new Findings(progress);
    }

    /// Examines.
    ///
    /// @throws IOException when the agent cannot be started at all
    Report run() throws IOException, InterruptedException {
        findings.looking("starting " + target.name());
        target.start(platform, platform.enrolment());
        var registered = registers();
        if (registered.isPresent()) {
            var card = registered.get().body().path("agent_card");
            card(card);
            var caller = reached(registered.get().body());
            if (caller.isPresent()) {
                new Conversation(platform, caller.get(), card, script, findings).all();
            }
            beats();
            asks();
            ends();
        }
        return new Report(target.name(), findings.all());
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
            findings.add(Level.JOINS, "M1", requirement, true, "after " + took + " ms");
            return seen;
        }
        var tried = platform.seen().stream()
                .filter(one -> one.is("POST", REGISTER))
                .map(one -> "it was refused with " + one.status())
                .findFirst()
                .orElse(target.alive() ? "nothing came within " + script.ready().toSeconds() + " s" : "it ended");
        findings.add(Level.JOINS, "M1", requirement, false, tried + "; its last words:\n" + target.lastWords());
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
        findings.add(
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
            findings.add(Level.JOINS, "M3", requirement, open, open ? "over its uplink" : "it opened no uplink");
            return open ? Optional.of(new Caller(platform, Optional.empty())) : Optional.empty();
        }
        var deadline = System.nanoTime() + REACHED.toNanos();
        var why = "";
        while (System.nanoTime() < deadline) {
            try {
                var caller = new Caller(platform, Optional.of(target.reachable(URI.create(url))));
                settle(caller);
                findings.add(Level.JOINS, "M3", requirement, true, url);
                return Optional.of(caller);
            } catch (IOException | IllegalArgumentException notYet) {
                why = String.valueOf(notYet);
                Thread.sleep(LOOK);
            }
        }
        findings.add(Level.JOINS, "M3", requirement, false, url + ": " + why);
        return Optional.empty();
    }

    /// Gives it a moment to read what it was answered: until then it does not know who calls.
    private static void settle(Caller caller) throws IOException, InterruptedException {
        for (int looks = 0; looks < 10 && caller.get("/" + AgentCard.PATH).status() == 401; looks++) {
            Thread.sleep(LOOK);
        }
    }

    private void beats() throws InterruptedException {
        findings.looking("waiting for a heartbeat");
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
        findings.add(
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
        findings.add(
                Level.BELONGS,
                "O1",
                "fetches its secrets, and so has new ones without a restart",
                secrets ? Outcome.PASSED : Outcome.SKIPPED,
                secrets ? "" : "it did not; it has those of its start");
        var configured = platform.seen().stream().anyMatch(one -> one.is("GET", own + "/configuration"));
        findings.add(
                Level.BELONGS,
                "O2",
                "reads what it is configured with",
                configured ? Outcome.PASSED : Outcome.SKIPPED,
                configured ? "" : "it did not ask");
    }

    private void ends() throws InterruptedException {
        try {
            if (!target.alive()) {
                var words = "it ended by itself before; its last words:\n" + target.lastWords();
                findings.add(Level.HOLDS, "S8", STOPS, false, words);
                return;
            }
            var stopped = target.stop(STOP);
            findings.add(Level.HOLDS, "S8", STOPS, stopped, stopped ? "" : "it runs on");
            if (stopped) {
                startsAgain();
            }
        } catch (IOException failed) {
            findings.add(Level.HOLDS, "S9", KEEPS, false, String.valueOf(failed.getMessage()));
        }
    }

    private void startsAgain() throws IOException, InterruptedException {
        var before = platform.seen().size();
        target.start(platform, "");
        var again = platform.await(before, script.ready(), one -> one.is("POST", REGISTER));
        var kept = again.isPresent() && again.get().bearer().equals(platform.token());
        findings.add(
                Level.HOLDS,
                "S9",
                KEEPS,
                kept,
                kept ? "" : again.isEmpty() ? "it did not register again" : "it showed something else");
        if (!kept) {
            return;
        }
        findings.looking("telling it that its workspace is gone");
        platform.remove();
        var gone = target.awaitEnd(script.beat().plus(AFTER_BEAT));
        findings.add(
                Level.BELONGS,
                "O5",
                "ends when its workspace was removed (410)",
                gone ? Outcome.PASSED : Outcome.SKIPPED,
                gone ? "" : "it runs on; the platform stops what it started itself");
    }
}
