package ai.molecule.platform.backend;

import ai.molecule.protocol.WorkspaceId;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/// A place where agents run. Every implementation passes `BackendContract`.
///
/// An agent is known by its workspace and its generation, so that an order that is given twice is carried out once.
public interface Backend extends AutoCloseable {

    /// The word for it in `CONTAINER_BACKEND` and on a workspace.
    String name();

    /// The runtimes it can run.
    Set<String> runtimes();

    /// Hears of deaths nobody ordered; call once, before the first start.
    void onDeath(Consumer<Death> listener);

    /// Starts an agent. Where this generation runs already, that is the answer.
    ///
    /// @throws BackendException when the backend cannot; nothing is left running then
    Started start(StartOrder order) throws BackendException;

    /// Stops an agent, gently and then by force; one that is not there counts as stopped.
    ///
    /// @throws BackendException when the backend cannot tell that it stopped
    void stop(WorkspaceId workspace) throws BackendException;

    /// Forgets everything kept for a workspace: its directory, volume, logs.
    ///
    /// @throws BackendException when some of it is left
    void purge(WorkspaceId workspace) throws BackendException;

    /// What runs here now, whoever started it in this platform's name.
    ///
    /// @throws BackendException when the backend cannot tell
    List<Running> list() throws BackendException;

    /// The last lines an agent wrote, oldest first.
    List<String> logTail(WorkspaceId workspace, int lines);

    /// Lets go. Agents that cannot outlive the platform end here.
    @Override
    void close();
}
