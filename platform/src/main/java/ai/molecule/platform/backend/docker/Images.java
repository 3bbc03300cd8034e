package ai.molecule.platform.backend.docker;

import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.BackendRefusedException;
import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.command.InspectImageResponse;
import com.github.dockerjava.api.model.PullResponseItem;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// Images at the engine: asked for where they are missing, never where they are there.
final class Images {

    private static final Duration PULL_PATIENCE = Duration.ofMinutes(30);
    private static final int STEP_PERCENT = 10;

    private final Engine engine;
    private final Registries registries;

    Images(Engine engine, Registries registries) {
        this.engine = engine;
        this.registries = registries;
    }

    /// The image, pulled where it is missing.
    ///
    /// @param reference a name with a tag or a digest
    /// @param progress hears how far a pull came, in tens of percent
    InspectImageResponse ensure(String reference, Consumer<String> progress) throws BackendException {
        var present = find(reference);
        if (present.isPresent()) {
            return present.get();
        }
        pull(reference, progress);
        return find(reference)
                .orElseThrow(() -> new BackendException("Expected image " + reference
                        + " after a pull that ended well, but it is not there; is the engine's disk full?"));
    }

    Optional<InspectImageResponse> find(String reference) throws BackendException {
        try {
            return Optional.of(engine.ask(
                    "find image " + reference,
                    () -> engine.client().inspectImageCmd(reference).exec()));
        } catch (BackendRefusedException said) {
            if (said.status() == 404) {
                return Optional.empty();
            }
            throw said;
        }
    }

    private void pull(String reference, Consumer<String> progress) throws BackendException {
        progress.accept("pulling " + reference);
        var layers = new Layers(progress);
        try {
            engine.ask("pull " + reference, PULL_PATIENCE, () -> {
                var command = engine.client().pullImageCmd(reference);
                registries.of(reference).ifPresent(command::withAuthConfig);
                return command.exec(layers).awaitCompletion(PULL_PATIENCE.toSeconds(), TimeUnit.SECONDS);
            });
        } catch (BackendRefusedException said) {
            throw new BackendException(advice(reference, String.valueOf(said.getMessage())), said);
        }
        if (!layers.error.isEmpty()) {
            throw new BackendException(advice(reference, layers.error));
        }
    }

    /// What to do about a pull that failed; registries tell by text only.
    private static String advice(String reference, String said) {
        var text = "Expected to pull " + reference + ", but: " + said;
        if (said.matches("(?is).*(unauthorized|no basic auth|denied|authentication required).*")) {
            return text + "; the registry wants credentials: REGISTRY_CREDENTIALS";
        }
        if (said.matches("(?is).*(manifest unknown|not found|no such image|repository does not exist).*")) {
            return text + "; no image has that name there: `./molecule images` builds ours";
        }
        return text + "; where no registry can be reached, `./molecule images --local-base` builds ours";
    }

    /// Adds up what layers say of themselves.
    private static final class Layers extends ResultCallback.Adapter<PullResponseItem> {

        private final Consumer<String> progress;
        private final Map<String, long[]> layers = new HashMap<>();
        private long told = -1;
        private volatile String error = "";

        Layers(Consumer<String> progress) {
            this.progress = progress;
        }

        @Override
        public void onNext(PullResponseItem item) {
            var detail = item.getErrorDetail();
            if (detail != null) {
                error = String.valueOf(detail.getMessage());
            }
            var at = item.getProgressDetail();
            if (item.getId() == null || at == null || at.getCurrent() == null || at.getTotal() == null) {
                return;
            }
            if (String.valueOf(item.getStatus()).startsWith("Downloading")) {
                layers.put(item.getId(), new long[] {at.getCurrent(), at.getTotal()});
            }
            var done = layers.values().stream().mapToLong(layer -> layer[0]).sum();
            var all = layers.values().stream().mapToLong(layer -> layer[1]).sum();
            var percent = all == 0 ? 0 : 100 * done / all / STEP_PERCENT * STEP_PERCENT;
            if (percent > told) {
                told = percent;
                progress.accept("pulling " + percent + " %");
            }
        }
    }
}
