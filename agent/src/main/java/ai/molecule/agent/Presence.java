package ai.molecule.agent;

import ai.molecule.protocol.Heartbeat;
import ai.molecule.protocol.Registration;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/// Keeps the agent known: registers until it is let in, then beats every 30 seconds, and at once when it
/// becomes busy or idle.
///
/// On a thread of its own, so that no work of the engine can silence it.
final class Presence {

    static final Duration BEAT_PACE = Duration.ofSeconds(30);
    private static final Duration BEAT_PACE_MIN = Duration.ofSeconds(1);
    private static final Duration RETRY_FIRST = Duration.ofMillis(200);
    private static final Duration RETRY_MAX = Duration.ofSeconds(30);

    private final AgentSettings settings;
    private final PlatformLine line;
    private final InboundSecret secret;
    private final Tasks tasks;
    private final Semaphore changed = new Semaphore(0);
    private final Instant began = Instant.now();

    Presence(AgentSettings settings, PlatformLine line, InboundSecret secret, Tasks tasks) {
        this.settings = settings;
        this.line = line;
        this.secret = secret;
        this.tasks = tasks;
    }

    /// Runs until the platform sends the agent away.
    ///
    /// @return the exit code that says why
    int run(String url, JsonNode card) throws InterruptedException {
        tasks.onBusyChanged(changed::release);
        try {
            var epoch = register(new Registration(settings.workspace(), url, card));
            System.out.println("registered at " + settings.platform() + " as epoch " + epoch);
            while (true) {
                if (changed.tryAcquire(BEAT_PACE.toNanos(), TimeUnit.NANOSECONDS)) {
                    Thread.sleep(BEAT_PACE_MIN);
                    changed.drainPermits();
                }
                beat(epoch);
            }
        } catch (SentAwayException away) {
            System.out.println(away.getMessage());
            return away.exitCode;
        }
    }

    private long register(Registration registration) throws InterruptedException, SentAwayException {
        var shown = "";
        for (var pause = RETRY_FIRST; ; pause = longer(pause)) {
            try {
                shown = settings.credential();
                line.use(shown);
                var answer = line.register(registration);
                if (answer.hasNonNull("auth_token")) {
                    settings.keep(answer.path("auth_token").asText());
                    line.use(answer.path("auth_token").asText());
                }
                secret.learn(answer.path("platform_inbound_secret").asText());
                return answer.path("epoch").asLong();
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

    /// The credential that lies there now: a platform that started again gives another one.
    private String credentialOr(String before) {
        try {
            return settings.credential();
        } catch (IOException unreadable) {
            return before;
        }
    }

    private void beat(long epoch) throws InterruptedException, SentAwayException {
        try {
            line.beat(new Heartbeat(
                    settings.workspace(),
                    epoch,
                    0,
                    "",
                    tasks.active(),
                    tasks.current(),
                    Duration.between(began, Instant.now()).toSeconds(),
                    false));
        } catch (PlatformLine.RefusedException refused) {
            leaveWhenFinal(refused);
        } catch (IOException unreachable) {
            System.out.println("heartbeat failed: " + unreachable);
        }
    }

    private static void leaveWhenFinal(PlatformLine.RefusedException refused) throws SentAwayException {
        var code = switch (refused.status()) {
            case 401, 403 -> Main.REFUSED;
            case 404, 410 -> Main.REMOVED;
            default -> 0;
        };
        if (refused.code().equals("superseded")) {
            code = Main.SUPERSEDED;
        }
        if (code != 0) {
            throw new SentAwayException(code, "sent away: " + refused.getMessage());
        }
    }

    private static Duration longer(Duration pause) {
        var twice = pause.multipliedBy(2);
        return twice.compareTo(RETRY_MAX) < 0 ? twice : RETRY_MAX;
    }

    private static final class SentAwayException extends Exception {
        private static final long serialVersionUID = 1L;

        private final int exitCode;

        SentAwayException(int exitCode, String message) {
            super(message);
            this.exitCode = exitCode;
        }
    }
}
