package ai.molecule.platform.backend;

import ai.molecule.protocol.WorkspaceId;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Consumer;
import java.util.function.Function;

/// A place where agents run. Every implementation passes `BackendContract`.
///
/// An agent is known by its workspace and its generation, so that an order that is given twice is carried out
/// once.
public interface Backend extends AutoCloseable {

    /// The word for it in `CONTAINER_BACKEND` and on a workspace.
    String name();

    /// True when it can run a runtime.
    boolean runs(AgentRuntime runtime);

    /// True when it can let an agent have something of the machine it runs on.
    default boolean opensHost() {
        return false;
    }

    /// Where in the world it can run agents; none where there is no choice.
    default List<Region> regions() {
        return List.of();
    }

    /// About what an agent of a size costs while it runs, in US dollars an hour; empty where nobody bills.
    default OptionalDouble hourlyPrice(Size size) {
        return OptionalDouble.empty();
    }

    /// How many starts it is given at a time.
    default int startsAtOnce() {
        return 4;
    }

    /// Hears of deaths nobody ordered, of health and of steps; call once, before the first start.
    void onNews(Consumer<News> listener);

    /// Fetches what an order needs and what may take minutes, its image; a start does that too, where nobody
    /// has.
    ///
    /// @throws BackendException when it is not to be had
    default void fetch(StartOrder order) throws BackendException {}

    /// Starts an agent. Where this generation runs already, that is the answer.
    ///
    /// @throws BackendException when the backend cannot; nothing is left running then
    Started start(StartOrder order) throws BackendException;

    /// Makes an agent ahead, for a workspace that is yet to be. It waits; the first start of that workspace,
    /// with the same runtime and size, has only to tell it what to do. A purge takes it away.
    ///
    /// @return why this cannot be done here; empty when it was done
    /// @throws BackendException when the backend cannot; a purge takes away what may be left
    default Optional<String> prepare(StartOrder order) throws BackendException {
        return Optional.of("the " + name() + " backend starts agents at once");
    }

    /// Stops an agent, gently and then by force; one that is not there counts as stopped.
    ///
    /// @throws BackendException when the backend cannot tell that it stopped
    void stop(WorkspaceId workspace) throws BackendException;

    /// Stops an agent that will be wanted again: where a backend can, its memory is kept, and its next start
    /// goes on from there.
    ///
    /// @throws BackendException when the backend cannot tell that it stopped
    default void rest(WorkspaceId workspace) throws BackendException {
        stop(workspace);
    }

    /// Forgets what is kept for a workspace: its directory, volumes, network, logs.
    ///
    /// @param keepData true to leave what its agents wrote into `/workspace`
    /// @throws BackendException when some of it is left
    void purge(WorkspaceId workspace, boolean keepData) throws BackendException;

    /// What a workspace still has a right to at a backend.
    enum Claim {
        EVERYTHING,
        DATA,
        NOTHING
    }

    /// Purges what is here in this platform's name and nobody has a claim to, whatever crash left it.
    ///
    /// @throws BackendException when the backend cannot tell, or some of it is left
    void sweep(Function<WorkspaceId, Claim> claims) throws BackendException;

    /// What runs here now, whoever started it in this platform's name.
    ///
    /// @throws BackendException when the backend cannot tell
    List<Running> list() throws BackendException;

    /// The last lines an agent wrote, oldest first.
    List<String> logTail(WorkspaceId workspace, int lines);

    /// What is to be seen inside.
    Interior interior();

    /// Lets go. Agents that cannot outlive the platform end here, the others go on.
    @Override
    void close();
}
