package ai.molecule.platform.backend.docker;

import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.News;
import ai.molecule.protocol.WorkspaceId;
import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.Event;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes news of what the engine tells and what is seen of containers, each death once.
///
/// Soft: which deaths were told, or are none because they were ordered. Who starts anew tells of a death again,
/// which changes nothing where it was heard before.
final class Tidings {

    private static final Logger LOG = LoggerFactory.getLogger(Tidings.class);
    private static final int LAST_LINES = 3;
    private static final int REMEMBERED_MAX = 50_000;

    private final Containers containers;
    private final Logs logs;
    private final Set<String> told = Collections.synchronizedSet(Collections.newSetFromMap(new Remembered()));
    private volatile @Nullable Consumer<News> listener;

    Tidings(Containers containers, Logs logs) {
        this.containers = containers;
        this.logs = logs;
    }

    void listen(Consumer<News> heir) {
        listener = heir;
    }

    void step(WorkspaceId workspace, long generation, String step) {
        tell(new News.Step(workspace, generation, step));
    }

    private void tell(News news) {
        var heir = listener;
        if (heir != null) {
            heir.accept(news);
        }
    }

    /// The end of a container is ordered, and so no news.
    void expect(String container) {
        told.add(container);
    }

    /// The engine told something; it is looked into on a thread of its own, so that no event waits.
    void heard(Event event) {
        var actor = event.getActor();
        var attributes = actor == null ? null : actor.getAttributes();
        var workspace = Labels.workspace(attributes);
        var container = actor == null ? null : actor.getId();
        if (container == null || workspace.isEmpty()) {
            return;
        }
        var generation = Labels.generation(attributes);
        var action = String.valueOf(event.getAction());
        Thread.ofVirtual().name("docker-news").start(() -> {
            if (action.equals("die")) {
                death(container, workspace.get(), generation);
            } else if (action.startsWith("health_status")) {
                health(container, workspace.get(), generation, action.endsWith(": healthy"));
            }
        });
    }

    /// Looks at a container whose events may have been missed.
    ///
    /// @return true for one that lives, or whose death was told just now for the first time
    boolean seen(Container container, WorkspaceId workspace) {
        var generation = Labels.generation(container.getLabels());
        return switch (String.valueOf(container.getState())) {
            case "running", "paused", "restarting" -> true;
            case "exited", "dead" -> death(container.getId(), workspace, generation);
            default -> false;
        };
    }

    /// Looks whether a container that lives fails its health check.
    void check(Container container, WorkspaceId workspace) {
        var status = String.valueOf(container.getStatus());
        if (status.contains("(unhealthy)") || status.contains("(healthy)")) {
            health(
                    container.getId(),
                    workspace,
                    Labels.generation(container.getLabels()),
                    status.contains("(healthy)"));
        }
    }

    private boolean death(String container, WorkspaceId workspace, long generation) {
        if (listener == null || !told.add(container)) {
            return false;
        }
        tell(new News.Death(workspace, generation, how(container)));
        return true;
    }

    private void health(String container, WorkspaceId workspace, long generation, boolean well) {
        var detail = well
                ? ""
                : containers.inspect(container).map(Tidings::lastProbe).orElse("its health check fails");
        tell(new News.Health(workspace, generation, well, detail));
    }

    private static String lastProbe(InspectContainerResponse container) {
        var health = container.getState().getHealth();
        if (health == null || health.getLog() == null || health.getLog().isEmpty()) {
            return "its health check fails";
        }
        var output = String.valueOf(health.getLog().getLast().getOutput()).strip();
        return "its health check fails: " + (output.isEmpty() ? "no answer" : output);
    }

    /// What the engine and the log say about an end.
    private String how(String container) {
        var text = new StringBuilder();
        containers
                .inspect(container)
                .ifPresentOrElse(found -> describe(found, text), () -> text.append("its container is gone"));
        try {
            var last = logs.tail(container, LAST_LINES);
            if (!last.isEmpty()) {
                text.append("; last lines: ").append(String.join(" | ", last));
            }
        } catch (BackendException unreadable) {
            LOG.debug("No last lines of {}", container, unreadable);
        }
        return text.toString();
    }

    private static void describe(InspectContainerResponse found, StringBuilder text) {
        var state = found.getState();
        text.append("exited with code ").append(state.getExitCodeLong());
        if (Boolean.TRUE.equals(state.getOOMKilled())) {
            text.append(", out of memory");
        }
        if (state.getError() != null && !state.getError().isBlank()) {
            text.append(", ").append(state.getError());
        }
    }

    /// Forgets the oldest, so that it does not grow for ever.
    private static final class Remembered extends LinkedHashMap<String, Boolean> {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
            return size() > REMEMBERED_MAX;
        }
    }
}
