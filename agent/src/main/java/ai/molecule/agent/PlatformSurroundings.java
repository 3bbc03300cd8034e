package ai.molecule.agent;

import ai.molecule.protocol.Configuration;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/// Surroundings as the platform tells of them. Soft: what was asked is good for a few seconds.
final class PlatformSurroundings implements Surroundings {

    /// What is shown to a server, by the variable that names it.
    private static final Map<String, List<String>> KEYS = Map.of(
            "OPENAI_BASE_URL", List.of("OPENAI_API_KEY"),
            "ANTHROPIC_BASE_URL", List.of("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"),
            "GEMINI_BASE_URL", List.of("GEMINI_API_KEY"));

    private static final Duration FRESH = Duration.ofSeconds(5);

    private final PlatformLine line;
    private final Supplier<Map<String, String>> environment;
    private final Supplier<Map<String, String>> secrets;
    private final ReentrantLock asking = new ReentrantLock();
    private volatile Self last = Self.UNKNOWN;
    private volatile Configuration configuration = Configuration.NONE;
    private volatile String tag = "";
    private volatile long askedAt;
    private volatile boolean asked;

    /// @param environment of whoever runs the agent, without the secrets
    PlatformSurroundings(
            PlatformLine line, Supplier<Map<String, String>> environment, Supplier<Map<String, String>> secrets) {
        this.line = line;
        this.environment = environment;
        this.secrets = secrets;
    }

    @Override
    public Map<String, String> values() {
        var values = new HashMap<>(environment.get());
        var given = secrets.get();
        // A server that somebody else names does not get the keys of whoever runs the agent.
        KEYS.forEach((server, keys) -> {
            if (given.containsKey(server)) {
                values.keySet().removeAll(keys);
            }
        });
        values.putAll(given);
        return values;
    }

    @Override
    public Map<String, String> secrets() {
        return secrets.get();
    }

    @Override
    public Self self() {
        refresh();
        return last;
    }

    @Override
    public Configuration configuration() {
        refresh();
        return configuration;
    }

    /// Nobody waits for an answer that somebody else waits for, unless there was none yet.
    private void refresh() {
        if (asked && System.nanoTime() - askedAt <= FRESH.toNanos()) {
            return;
        }
        if (!asked) {
            asking.lock();
        } else if (!asking.tryLock()) {
            return;
        }
        try {
            if (asked && System.nanoTime() - askedAt <= FRESH.toNanos()) {
                return;
            }
            var self = line.self();
            if (self.isEmpty()) {
                // Not let in yet: the next one asks again.
                return;
            }
            // Whoever knows what it is, and not how it is configured, would do what nobody wants.
            configure();
            last = self.get();
            asked = true;
        } catch (IOException unreachable) {
            System.out.println("the platform does not say what this workspace is: " + unreachable.getMessage());
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        } finally {
            asking.unlock();
        }
        askedAt = System.nanoTime();
    }

    private void configure() throws IOException, InterruptedException {
        var configured = line.configuration(tag);
        if (configured.isPresent()) {
            try {
                configuration = Configuration.read(configured.get().files());
                System.out.println("configuration: "
                        + String.join(", ", configuration.files().keySet()));
            } catch (IllegalArgumentException newer) {
                System.out.println(
                        "the configuration cannot be read, and what was known before counts: " + newer.getMessage());
            }
            tag = configured.get().tag();
        }
    }
}
