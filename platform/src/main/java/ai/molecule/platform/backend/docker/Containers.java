package ai.molecule.platform.backend.docker;

import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.BackendRefusedException;
import ai.molecule.protocol.WorkspaceId;
import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.exception.NotModifiedException;
import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.Frame;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The containers of this platform, as the engine has them.
final class Containers {

    /// How long a container has to end before it is killed.
    static final int GOODBYE_SECONDS = 5;

    private static final Logger LOG = LoggerFactory.getLogger(Containers.class);
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(30);
    private static final int OUTPUT_BYTES_MAX = 1 << 20;

    private final Engine engine;
    private final Labels labels;

    Containers(Engine engine, Labels labels) {
        this.engine = engine;
        this.labels = labels;
    }

    /// Those of all workspaces, newest first, whatever their state.
    List<Container> all() throws BackendException {
        return list(labels.ours()).stream()
                .filter(one -> Labels.workspace(one.getLabels()).isPresent())
                .toList();
    }

    /// Those of one workspace, newest first.
    List<Container> of(WorkspaceId workspace) throws BackendException {
        return list(labels.filter(workspace));
    }

    private List<Container> list(Map<String, String> filter) throws BackendException {
        return engine.ask(
                "list containers",
                () -> engine.client()
                        .listContainersCmd()
                        .withShowAll(true)
                        .withLabelFilter(filter)
                        .exec());
    }

    /// The newest container of a workspace.
    Container newest(WorkspaceId workspace) throws BackendException {
        return of(workspace).stream()
                .findFirst()
                .orElseThrow(() -> new BackendException("Expected a container, but there is none yet"));
    }

    /// The workspace's container, which must run.
    String running(WorkspaceId workspace) throws BackendException {
        var container = newest(workspace);
        if (!"running".equals(container.getState())) {
            throw new BackendException("Expected a running container, but it is " + container.getState());
        }
        return container.getId();
    }

    /// All that is known of a container; nothing when it is gone, or the engine does not answer.
    Optional<InspectContainerResponse> inspect(String container) {
        try {
            return Optional.of(engine.ask(
                    "inspect " + container,
                    () -> engine.client().inspectContainerCmd(container).exec()));
        } catch (BackendException gone) {
            return Optional.empty();
        }
    }

    void start(String container) throws BackendException {
        engine.ask(
                "start container " + container,
                () -> engine.client().startContainerCmd(container).exec());
    }

    /// Stops a container, gently and then by force; one that is stopped or gone is fine.
    void stop(String container) throws BackendException {
        engine.ask("stop container " + container, STOP_PATIENCE, () -> {
            try {
                return engine.client()
                        .stopContainerCmd(container)
                        .withTimeout(GOODBYE_SECONDS)
                        .exec();
            } catch (NotModifiedException | NotFoundException stopped) {
                return null;
            }
        });
    }

    void remove(String container) throws BackendException {
        try {
            engine.ensure(
                    "remove container " + container,
                    () -> engine.client()
                            .removeContainerCmd(container)
                            .withForce(true)
                            .withRemoveVolumes(true)
                            .exec());
        } catch (BackendRefusedException said) {
            if (said.status() != 409) {
                throw said;
            }
            LOG.debug("Container {} is being removed already", container);
        }
    }

    /// What a command inside writes, run as the agent's user.
    ///
    /// @param command its words, which no shell sees
    /// @throws BackendException with what it wrote, when it fails
    String run(String container, String... command) throws BackendException {
        var what = "run " + command[0];
        var exec = engine.ask(
                what,
                () -> engine.client()
                        .execCreateCmd(container)
                        .withCmd(command)
                        .withAttachStdout(true)
                        .withAttachStderr(true)
                        .exec());
        var out = new ByteArrayOutputStream();
        engine.ask(
                what,
                () -> engine.client()
                        .execStartCmd(exec.getId())
                        .exec(new ResultCallback.Adapter<Frame>() {
                            @Override
                            public void onNext(Frame frame) {
                                if (out.size() < OUTPUT_BYTES_MAX) {
                                    out.writeBytes(frame.getPayload());
                                }
                            }
                        })
                        .awaitCompletion());
        var code = engine.ask(
                        what, () -> engine.client().inspectExecCmd(exec.getId()).exec())
                .getExitCodeLong();
        var text = out.toString(StandardCharsets.UTF_8);
        if (code == null || code != 0) {
            throw new BackendException("Expected " + command[0] + " to do it, but: " + text.strip());
        }
        return text;
    }
}
