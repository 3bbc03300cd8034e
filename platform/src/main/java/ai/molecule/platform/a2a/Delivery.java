package ai.molecule.platform.a2a;

import ai.molecule.platform.a2a.AgentLine.Fault;
import ai.molecule.platform.a2a.AgentLine.Heard;
import ai.molecule.platform.a2a.AgentLine.LineException;
import ai.molecule.platform.ledger.Entry;
import ai.molecule.platform.ledger.Lease;
import ai.molecule.platform.ledger.LedgerTask;
import ai.molecule.platform.registry.Routes.Route;
import ai.molecule.platform.registry.Way;
import ai.molecule.protocol.A2aMethod;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.JsonRpc;
import ai.molecule.protocol.JsonRpc.ErrorCode;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.TaskState;
import ai.molecule.protocol.TaskTree;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One message being handed to its agent, and everything the agent says of it being written down, until the
/// task needs its caller or nobody any more.
///
/// A connection that breaks is healed by asking the agent for the task and following it anew. An agent that
/// lost the task gets the message again; it can tell by the message's id. What happens is durable; this object
/// is not, and when it is lost another process goes on from the ledger.
final class Delivery implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(Delivery.class);
    /// How long an event waits for another one to be written with it.
    private static final Duration GATHERING = Duration.ofMillis(2);

    /// How much an agent may say about one message.
    private static final long SAID_BYTES_MAX = 64L * 1024 * 1024;

    private static final Duration LOOK_PACE = Duration.ofSeconds(30);
    private static final int HEAL_TRIES_MAX = 5;
    private static final Duration HEAL_PACE = Duration.ofMillis(200);
    private static final Duration UPLINK_PATIENCE = Duration.ofSeconds(15);
    private static final Duration UPLINK_PACE = Duration.ofMillis(100);
    private static final Duration POLL_PACE = Duration.ofSeconds(1);

    private final Means means;
    private final Lease lease;
    private final @Nullable Way way;
    private final @Nullable LedgerTask known;
    private final AgentWords words;
    private final TaskTree tree;
    private final boolean further;
    private final Scribe scribe;
    private final Ending ending;
    private long epoch;
    private boolean heard;
    private long said;
    private @Nullable ObjectNode held;
    private volatile @Nullable EventSource open;
    private volatile @Nullable Runnable calling;
    private volatile boolean stopped;
    private volatile boolean left;

    /// @param way how the agent is reached, where the message was taken in just now, so that nothing can have
    /// happened since; otherwise null
    /// @param known the task as it was a moment ago, where somebody has just read it; otherwise null
    /// @param tree the task up to the event that took the message in
    Delivery(Means means, Lease lease, @Nullable Way way, @Nullable LedgerTask known, TaskTree tree) {
        this.means = means;
        this.lease = lease;
        this.way = way;
        this.known = known;
        this.tree = tree;
        this.further = lease.seq() > 1;
        this.words =
                new AgentWords(lease.task().toString(), lease.contextId(), lease.agentTask(), lease.agentContext());
        this.scribe = new Scribe(means.ledger(), lease, words, tree, further);
        this.ending = new Ending(means, lease, tree, scribe, further);
    }

    UUID task() {
        return lease.task();
    }

    /// Stops listening to the agent; what it said is written.
    void stop() {
        stopped = true;
        var stream = open;
        if (stream != null) {
            stream.close();
        }
        var call = calling;
        if (call != null) {
            call.run();
        }
    }

    /// Stops, because this process does: what the agent says from now on is heard by the next one.
    void leave() {
        left = true;
        stop();
    }

    /// Gives the message up, because nothing can be done with it here.
    void giveUp(String why) {
        try {
            ending.failed(why);
        } catch (Scribe.LeaseLostException gone) {
            LOG.info("Task {} goes on elsewhere: another process holds it", lease.task());
        }
    }

    @Override
    public void run() {
        try {
            if (wanted()) {
                deliver();
            }
        } catch (Scribe.LeaseLostException gone) {
            LOG.info("Task {} goes on elsewhere: another process holds it", lease.task());
        }
    }

    /// False when the task ended while the message waited, which then ends with it.
    private boolean wanted() throws Scribe.LeaseLostException {
        if (way != null) {
            return true;
        }
        var task = known == null ? means.ledger().find(lease.task()).orElseThrow() : known;
        scribe.goOnAfter(task.seq());
        words.learn(task.agentTask());
        if (task.cancelAsked() && !task.state().terminal()) {
            ending.canceled();
            return false;
        }
        if (task.state().terminal()) {
            scribe.write(Entry.End.canceled());
            return false;
        }
        return true;
    }

    private void deliver() throws Scribe.LeaseLostException {
        try {
            var there = way == null ? means.routes().way(lease.target()) : Optional.of(way);
            if (there.isEmpty()) {
                again("its agent is not there", false);
                return;
            }
            epoch = there.get().epoch();
            var route = means.routes().along(lease.target(), there.get());
            var theyHaveIt = lease.acknowledged() && !words.theirTask().isEmpty();
            var settled = theyHaveIt ? heal() : send(route);
            while (!settled) {
                settled = heal();
            }
        } catch (Refusal noWay) {
            LOG.warn("Workspace {} cannot be reached: {}", lease.target(), noWay.getMessage());
            again("its agent's address cannot be called", false);
        } catch (LineException broken) {
            broke(broken);
        }
    }

    private void broke(LineException broken) throws Scribe.LeaseLostException {
        var why = String.valueOf(broken.getMessage());
        LOG.info("Message for workspace {} (task {}): {}", lease.target(), lease.task(), why);
        switch (broken.fault()) {
            case UNREACHABLE, BUSY -> again(why, false);
            case LOST -> again(why, true);
            case LATE -> ending.failed(why);
            case NONSENSE ->
                ending.refused(JsonRpc.error(
                                Json.nothing(),
                                ErrorCode.INVALID_AGENT_RESPONSE,
                                "Expected an answer that can be passed on, but " + why)
                        .path("error"));
        }
    }

    /// Hands the message over; true when the task settled.
    private boolean send(Route route) throws LineException, Scribe.LeaseLostException {
        var method = route.streams() ? A2aMethod.STREAM : A2aMethod.SEND;
        var params = words.send(lease.request().path("params"), route.speaks(), means.names(lease.target()));
        return switch (means.line().call(route, method, params, words.headers(lease.request()), this::called)) {
            case Heard.Whole(var response) -> whole(response);
            case Heard.Stream(var events) -> follow(events);
        };
    }

    private boolean whole(JsonNode response) throws LineException, Scribe.LeaseLostException {
        if (response.path("error").isObject()) {
            ending.refused(response.path("error"));
            return true;
        }
        take(read(response));
        return settledNow();
    }

    private void called(Runnable cancel) {
        calling = cancel;
        if (stopped) {
            cancel.run();
        }
    }

    /// Writes down what a stream brings; true when the task settled in it.
    private boolean follow(EventSource events) throws LineException, Scribe.LeaseLostException {
        open = events;
        try (events) {
            if (listen(events)) {
                return true;
            }
        } catch (LineException broken) {
            if (broken.fault() != Fault.LOST || !heard) {
                throw broken;
            }
            LOG.info("Task {}: {}; asking the agent for it", lease.task(), broken.getMessage());
        } finally {
            open = null;
        }
        if (!heard) {
            throw new LineException(Fault.LOST, "the agent ended its stream without a word", null);
        }
        return settledNow();
    }

    /// Listens until the stream is over; true when the task settled. What comes close together is written
    /// together.
    private boolean listen(EventSource events) throws LineException, Scribe.LeaseLostException {
        while (!stopped) {
            switch (events.next(scribe.idle() ? LOOK_PACE : GATHERING)) {
                case EventSource.Next.Over() -> {
                    return false;
                }
                case EventSource.Next.Nothing() -> {
                    scribe.write(null);
                    if (events.silence().compareTo(means.line().streamPatience()) > 0) {
                        throw new LineException(Fault.LOST, "the stream from the agent fell silent", null);
                    }
                }
                case EventSource.Next.Event(var response)
                when response.path("error").isObject() -> {
                    ending.refused(response.path("error"));
                    return true;
                }
                case EventSource.Next.Event(var response) -> {
                    var event = read(response);
                    take(event);
                    if (settles(event)) {
                        scribe.write(Entry.End.done());
                        events.finish();
                        return true;
                    }
                    if (scribe.full()) {
                        scribe.write(null);
                    }
                }
            }
        }
        return false;
    }

    private ObjectNode read(JsonNode response) throws LineException {
        return words.read(response.path("result"))
                .orElseThrow(() -> new LineException(
                        Fault.NONSENSE, "the agent sent a result that is neither message nor task", null));
    }

    /// Takes an event of the agent. The state from before a further message, which a stream repeats at its
    /// beginning, is held back until the stream ends with it.
    private void take(ObjectNode event) throws LineException {
        // A picture of the whole task says only what is more than before.
        said += Math.max(0, Json.weight(event) - (event.has("task") ? Json.weight(tree.task()) : 0));
        if (said > SAID_BYTES_MAX) {
            throw new LineException(
                    Fault.NONSENSE, "the agent said more than " + SAID_BYTES_MAX + " bytes about one task", null);
        }
        var first = !heard;
        heard = true;
        held = null;
        if (event.path("task") instanceof ObjectNode whole) {
            tree.keepIn(whole);
            if (first
                    && further
                    && TaskTree.stateOf(whole).settles()
                    && !TaskTree.stateOf(whole).terminal()) {
                held = event;
                return;
            }
        }
        if (event.path("message") instanceof ObjectNode) {
            event.put(
                    "at",
                    Words.status(TaskState.COMPLETED, now()).path("timestamp").asText());
        }
        scribe.note(event);
    }

    private boolean settles(ObjectNode event) {
        if (held != null) {
            return false;
        }
        var state = tree.state();
        return state.terminal() || (state.settles() && !event.has("task"));
    }

    /// At the end of what the agent said: true when the task settled, and then the delivery is over.
    private boolean settledNow() throws Scribe.LeaseLostException {
        if (held != null) {
            scribe.note(held);
            held = null;
        }
        var settled = tree.state().settles();
        scribe.write(settled ? Entry.End.done() : null);
        return settled;
    }

    /// Asks the agent how the task is and follows it anew; true when that is over, one way or the other.
    private boolean heal() throws Scribe.LeaseLostException, LineException {
        for (int tries = 0; tries < HEAL_TRIES_MAX; tries++) {
            LockSupport.parkNanos(HEAL_PACE.toNanos() * tries);
            var route = awaitRoute();
            if (stopped || words.theirTask().isEmpty() || route.isEmpty()) {
                break;
            }
            epoch = route.get().epoch();
            try {
                var heardOf = means.line().ask(route.get(), words);
                if (heardOf.isEmpty()) {
                    again("its agent does not know it any more", true);
                    return true;
                }
                if (brought(heardOf.get())) {
                    return true;
                }
                if (route.get().streams() && subscribe(route.get())) {
                    return true;
                }
                LockSupport.parkNanos(POLL_PACE.toNanos());
                return false;
            } catch (LineException broken) {
                if (broken.fault() == Fault.NONSENSE) {
                    throw broken;
                }
                LOG.debug("Task {} cannot be asked for: {}", lease.task(), broken.getMessage());
            }
        }
        again("its agent was lost while at it", true);
        return true;
    }

    /// The way to the agent; where its uplink broke, it is given the time to open another.
    private Optional<Route> awaitRoute() {
        var until = System.nanoTime() + UPLINK_PATIENCE.toNanos();
        var route = means.routes().to(lease.target());
        while (route.isEmpty()
                && !stopped
                && System.nanoTime() < until
                && means.routes().expectsUplink(lease.target())) {
            LockSupport.parkNanos(UPLINK_PACE.toNanos());
            route = means.routes().to(lease.target());
        }
        return route;
    }

    /// Writes down how the task is where that is news; true when it settled.
    private boolean brought(ObjectNode event) throws Scribe.LeaseLostException, LineException {
        var news = !event.path("task").path("status").equals(tree.task().path("status"))
                || (event.path("task").has("artifacts")
                        && !event.path("task")
                                .path("artifacts")
                                .equals(tree.task().path("artifacts")));
        if (news) {
            take(event);
        }
        heard = true;
        return settledNow();
    }

    private boolean subscribe(Route route) throws LineException, Scribe.LeaseLostException {
        return switch (means.line().call(route, A2aMethod.SUBSCRIBE, words.about(), Map.of())) {
            case Heard.Whole(var response) when response.path("error").isObject() -> false;
            case Heard.Whole(var response) -> whole(response);
            case Heard.Stream(var events) -> follow(events);
        };
    }

    /// Puts the message back; a process that stops leaves it as it is, for the next one to heal.
    private void again(String why, boolean lost) throws Scribe.LeaseLostException {
        if (!left) {
            ending.again(why, lost, heard, epoch);
        }
    }

    private Instant now() {
        return means.clock().instant();
    }
}
