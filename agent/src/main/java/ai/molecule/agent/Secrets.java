package ai.molecule.agent;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/// The secrets of the agent's workspace, as they are now: fetched when it joins, and again whenever the platform says
/// that they changed. Soft, and written nowhere.
final class Secrets {

    private static final int TRIES = 6;

    private final PlatformLine line;
    private final ReentrantLock fetching = new ReentrantLock();
    private volatile Map<String, String> values = Map.of();
    private volatile String tag = "";
    private volatile Consumer<Map<String, String>> listener = values -> {};

    Secrets(PlatformLine line) {
        this.line = line;
    }

    Map<String, String> values() {
        return values;
    }

    /// Those that were fetched, at the latest now.
    ///
    /// @throws IOException when they cannot be had
    Map<String, String> required() throws IOException, InterruptedException {
        for (var tries = 0; tag.isEmpty() && tries < TRIES; tries++) {
            Thread.sleep(Duration.ofSeconds(tries));
            refresh();
        }
        if (tag.isEmpty()) {
            throw new IOException("expected the secrets of this workspace, but they cannot be had");
        }
        return values;
    }

    /// Is told of them now, where there are any, and whenever they changed.
    void onChange(Consumer<Map<String, String>> other) {
        listener = other;
        if (!tag.isEmpty()) {
            other.accept(values);
        }
    }

    /// Fetches them where they changed; keeps those it has where that is not possible now.
    void refresh() {
        fetching.lock();
        try {
            var fetched = line.secrets(tag);
            if (fetched.isPresent()) {
                values = fetched.get().values();
                tag = fetched.get().tag();
                listener.accept(values);
                System.out.println("secrets: "
                        + String.join(", ", values.keySet().stream().sorted().toList()));
            }
        } catch (IOException unreachable) {
            System.out.println("secrets cannot be fetched: " + unreachable.getMessage());
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        } finally {
            fetching.unlock();
        }
    }
}
