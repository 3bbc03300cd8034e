package ai.molecule.platform.backend;

import ai.molecule.protocol.WorkspaceId;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Function;

/// A backend in memory whose agents do nothing; it can be told to refuse, and its agents to die.
public final class FakeBackend implements Backend {

    private final Map<WorkspaceId, StartOrder> running = new ConcurrentHashMap<>();
    private final List<StartOrder> orders = new ArrayList<>();
    private Consumer<News> listener = news -> {};
    private final Set<WorkspaceId> slow = ConcurrentHashMap.newKeySet();
    private volatile String refusal = "";
    private volatile boolean away;

    @Override
    public String name() {
        return "process";
    }

    @Override
    public boolean runs(AgentRuntime runtime) {
        return runtime.id().matches("echo|reviewer");
    }

    @Override
    public void onNews(Consumer<News> heir) {
        listener = heir;
    }

    @Override
    public void fetch(StartOrder order) {
        while (slow.contains(order.workspace())) {
            LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
        }
    }

    @Override
    public synchronized Started start(StartOrder order) throws BackendException {
        if (away) {
            throw new BackendAwayException("it is away", null);
        }
        if (!refusal.isEmpty()) {
            throw new BackendException(refusal);
        }
        orders.add(order);
        running.put(order.workspace(), order);
        return new Started("fake:" + order.generation(), URI.create("http://127.0.0.1:1/"));
    }

    @Override
    public synchronized Optional<String> prepare(StartOrder order) throws BackendException {
        if (!refusal.isEmpty()) {
            throw new BackendException(refusal);
        }
        running.put(order.workspace(), order);
        return Optional.empty();
    }

    @Override
    public void stop(WorkspaceId workspace) {
        running.remove(workspace);
    }

    @Override
    public void purge(WorkspaceId workspace, boolean keepData) {
        stop(workspace);
    }

    @Override
    public void sweep(Function<WorkspaceId, Claim> claims) {
        running.keySet().removeIf(id -> claims.apply(id) != Claim.EVERYTHING);
    }

    @Override
    public List<Running> list() {
        return running.values().stream()
                .map(order -> new Running(order.workspace(), order.generation(), "fake:" + order.generation()))
                .toList();
    }

    @Override
    public List<String> logTail(WorkspaceId workspace, int lines) {
        return List.of();
    }

    @Override
    public Interior interior() {
        throw new UnsupportedOperationException("nothing is inside of it");
    }

    @Override
    public void close() {
        running.clear();
    }

    /// Refuses every start from now on; an empty reason ends that.
    public void refuse(String reason) {
        refusal = reason;
    }

    /// Takes for ever to fetch what workspaces need, until there are none of them any more.
    public void fetchSlowly(Collection<WorkspaceId> workspaces) {
        slow.clear();
        slow.addAll(workspaces);
    }

    /// Does not answer from now on, or does again.
    public void goAway(boolean gone) {
        away = gone;
    }

    /// Tells something of an agent.
    public void tell(News news) {
        listener.accept(news);
    }

    /// Lets an agent die.
    public void kill(WorkspaceId workspace) {
        kill(workspace, "killed");
    }

    /// Lets an agent die with last words.
    public void kill(WorkspaceId workspace, String how) {
        var order = running.remove(workspace);
        if (order != null) {
            listener.accept(new News.Death(workspace, order.generation(), how));
        }
    }

    /// Lets an agent die without a word, as news that are lost do.
    public void vanish(WorkspaceId workspace) {
        running.remove(workspace);
    }

    /// Runs an agent that no row knows, as a crash would leave one.
    public void leaveOrphan(StartOrder order) {
        running.put(order.workspace(), order);
    }

    /// The workspaces whose agents run, wanted or not.
    public Set<WorkspaceId> running() {
        return Set.copyOf(running.keySet());
    }

    public boolean runs(WorkspaceId workspace) {
        return running.containsKey(workspace);
    }

    /// Every order that was carried out, in order.
    public synchronized List<StartOrder> orders() {
        return List.copyOf(orders);
    }
}
