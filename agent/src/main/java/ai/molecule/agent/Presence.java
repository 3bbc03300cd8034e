package ai.molecule.agent;

import ai.molecule.agent.uplink.Uplink;
import ai.molecule.protocol.Heartbeat;
import ai.molecule.protocol.Registration;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Keeps the agent known: registers until it is let in, then beats every 30 seconds, and at once when it
/// becomes busy or idle; over its uplink where it has one.
///
/// On a thread of its own, so that no work of the engine can silence it.
final class Presence {

    static final Duration BEAT_PACE = Duration.ofSeconds(30);
    private static final Duration BEAT_PACE_MIN = Duration.ofSeconds(1);
    private static final Duration RETRY_FIRST = Duration.ofMillis(200);
    private static final Duration RETRY_MAX = Duration.ofSeconds(30);

    private final StateDirectory home;
    private final PlatformLine line;
    private final Load load;
    private final Supplier<JsonNode> card;
    private final Semaphore changed = new Semaphore(0);
    private final Instant began = Instant.now();

    /// @param card what the agent says of itself, asked with every heartbeat
    Presence(StateDirectory home, PlatformLine line, Load load, Supplier<JsonNode> card) {
        this.card = card;
        this.home = home;
        this.line = line;
        this.load = load;
    }

    /// What the platform let in.
    record LetIn(WorkspaceId workspace, long epoch, String inboundSecret) {}

    /// Registers, and stays until the platform sends the agent away.
    ///
    /// @param in hears how it was let in, before anything reaches the agent
    /// @return the exit code that says why
    int run(Registration registration, Consumer<LetIn> in, Optional<Uplink> uplink) throws InterruptedException {
        load.onBusyChanged(changed::release);
        try {
            var letIn = register(registration);
            line.workFor(letIn.workspace());
            in.accept(letIn);
            System.out.println("registered at " + line.platform() + " as epoch " + letIn.epoch());
            var over = new CompletableFuture<Uplink.RefusedException>();
            var connecting = Thread.ofVirtual().name("uplink").unstarted(() -> connect(uplink, letIn, over));
            connecting.start();
            var shown = registration.agentCard();
            try {
                while (!over.isDone()) {
                    beat(letIn, uplink);
                    shown = show(letIn, shown);
                    if (changed.tryAcquire(BEAT_PACE.toNanos(), TimeUnit.NANOSECONDS)) {
                        Thread.sleep(BEAT_PACE_MIN);
                        changed.drainPermits();
                    }
                }
            } finally {
                connecting.interrupt();
            }
            var refused = over.join();
            throw new SentAwayException(exitCode(refused.status(), refused.code()), refused.getMessage());
        } catch (SentAwayException away) {
            System.out.println(away.getMessage());
            return away.exitCode;
        }
    }

    /// Keeps an uplink open; ends with the reason when the platform sends the agent away.
    private void connect(Optional<Uplink> uplink, LetIn letIn, CompletableFuture<Uplink.RefusedException> over) {
        try {
            if (uplink.isPresent()) {
                uplink.get().run(letIn.epoch());
            }
        } catch (Uplink.RefusedException refused) {
            over.complete(refused);
            changed.release();
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    private LetIn register(Registration registration) throws InterruptedException, SentAwayException {
        var shown = "";
        for (var pause = RETRY_FIRST; ; pause = longer(pause)) {
            try {
                shown = home.credential();
                line.use(shown);
                return letIn(registration, line.register(registration));
            } catch (PlatformLine.RefusedException refused) {
                if (shown.equals(credentialOr(shown))) {
                    leaveWhenFinal(refused);
                }
                System.out.println("registration refused: " + refused.getMessage() + "; trying again in " + pause);
            } catch (IOException unreachable) {
                System.out.println("platform not reachable: " + unreachable + "; trying again in " + pause);
            }
            Thread.sleep(pause.plusMillis(ThreadLocalRandom.current().nextLong(100)));
        }
    }

    private LetIn letIn(Registration registration, JsonNode answer) throws IOException {
        if (answer.hasNonNull("auth_token")) {
            home.keep(answer.path("auth_token").asText());
            line.use(answer.path("auth_token").asText());
        }
        var workspace = registration.id() == null
                ? WorkspaceId.parse(answer.path("workspace_id").asText())
                        .orElseThrow(() -> new IOException("expected the platform to name the workspace"))
                : registration.id();
        return new LetIn(
                workspace,
                answer.path("epoch").asLong(),
                answer.path("platform_inbound_secret").asText());
    }

    /// The credential that lies there now: a platform that started again gives another one.
    private String credentialOr(String before) {
        try {
            return home.credential();
        } catch (IOException unreadable) {
            return before;
        }
    }

    private void beat(LetIn letIn, Optional<Uplink> uplink) throws InterruptedException, SentAwayException {
        var trouble = load.trouble();
        var heartbeat = new Heartbeat(
                letIn.workspace(),
                letIn.epoch(),
                0,
                trouble,
                load.active(),
                load.current(),
                Duration.between(began, Instant.now()).toSeconds(),
                !trouble.isEmpty());
        if (uplink.isPresent()) {
            uplink.get().beat(heartbeat);
            return;
        }
        try {
            line.beat(heartbeat);
        } catch (PlatformLine.RefusedException refused) {
            leaveWhenFinal(refused);
        } catch (IOException unreachable) {
            System.out.println("heartbeat failed: " + unreachable);
        }
    }

    /// Says anew what the agent says of itself, where that has changed.
    ///
    /// @return what is known of it
    private JsonNode show(LetIn letIn, JsonNode before) throws InterruptedException {
        var now = card.get();
        if (now.equals(before)) {
            return before;
        }
        try {
            line.updateCard(letIn.workspace(), now);
            return now;
        } catch (IOException notYet) {
            System.out.println("the card cannot be changed now: " + notYet.getMessage());
            return before;
        }
    }

    private static void leaveWhenFinal(PlatformLine.RefusedException refused) throws SentAwayException {
        var code = exitCode(refused.status(), refused.code());
        if (code != 0) {
            throw new SentAwayException(code, String.valueOf(refused.getMessage()));
        }
    }

    /// What the process ends with where the platform says no for good; 0 where it may say otherwise later.
    private static int exitCode(int status, String code) {
        return switch (code) {
            case "superseded" -> Main.SUPERSEDED;
            case "workspace_removed", "workspace_not_found" -> Main.REMOVED;
            case "invalid_token", "forbidden" -> Main.REFUSED;
            default ->
                switch (status) {
                    case 401, 403 -> Main.REFUSED;
                    case 404, 410 -> Main.REMOVED;
                    default -> 0;
                };
        };
    }

    private static Duration longer(Duration pause) {
        var twice = pause.multipliedBy(2);
        return twice.compareTo(RETRY_MAX) < 0 ? twice : RETRY_MAX;
    }

    private static final class SentAwayException extends Exception {
        private static final long serialVersionUID = 1L;

        private final int exitCode;

        SentAwayException(int exitCode, @Nullable String message) {
            super("sent away: " + message);
            this.exitCode = exitCode;
        }
    }
}
