package ai.molecule.platform.a2a;

import ai.molecule.platform.a2a.AgentLine.Heard;
import ai.molecule.platform.a2a.AgentLine.LineException;
import ai.molecule.platform.a2a.Switchboard.Incoming;
import ai.molecule.platform.a2a.Switchboard.Outcome;
import ai.molecule.platform.ledger.Entry;
import ai.molecule.platform.ledger.Ledger;
import ai.molecule.platform.ledger.LedgerTask;
import ai.molecule.platform.ledger.Owner;
import ai.molecule.platform.ledger.Watch;
import ai.molecule.protocol.A2aCall;
import ai.molecule.protocol.A2aMethod;
import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.Canonical;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.JsonRpc.ErrorCode;
import ai.molecule.protocol.JsonRpc.Fault;
import ai.molecule.protocol.Message;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.TaskState;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Answers what callers ask about their tasks, from the ledger; only canceling needs the agent, while it is at
/// it.
///
/// A task of somebody else looks like one that does not exist.
public final class Asking {

    private static final int PAGE_DEFAULT = 50;
    private static final int PAGE_MAX = 100;
    private static final int PAGE_BYTES_MAX = 8 * 1024 * 1024;
    private static final Instant FAR = Instant.parse("9999-12-31T23:59:59Z");
    private static final Duration NAME_PATIENCE = Duration.ofSeconds(5);
    private static final Duration LOOK = Duration.ofSeconds(5);
    private static final int TRIES_MAX = 5;

    private static final Logger LOG = LoggerFactory.getLogger(Asking.class);

    private final Ledger ledger;
    private final Deliveries deliveries;
    private final Means means;

    public Asking(Means means, Deliveries deliveries) {
        this.ledger = means.ledger();
        this.deliveries = deliveries;
        this.means = means;
    }

    /// The caller's own task of an id.
    ///
    /// @throws Fault -32001 when there is none
    LedgerTask own(Incoming incoming, String id) throws Fault {
        return Means.uuid(id)
                .flatMap(ledger::find)
                .filter(task ->
                        task.target().equals(incoming.target()) && task.owner().equals(Owner.of(incoming.caller())))
                .orElseThrow(() -> incoming.fault(
                        ErrorCode.TASK_NOT_FOUND,
                        "Expected a task of the caller's at this agent, but there is none with this id"));
    }

    /// GetTask.
    ObjectNode get(Incoming incoming) throws Fault {
        var length = A2aCall.historyLength(incoming.call().id(), incoming.call().params());
        var task = own(incoming, incoming.call().text("id"));
        return A2aCall.trimmed(ledger.tree(task.id()).task(), length);
    }

    /// What a task came to, as text: what it made, or else what its agent said last; empty while it goes on.
    public String said(UUID id) {
        var tree = ledger.tree(id);
        return tree.state().terminal() ? Message.outcome(tree.task()) : "";
    }

    /// A task once it has settled, and nothing holds it there from going on by itself; as it is when the time is
    /// over.
    ///
    /// @param held true for a task that waits for somebody else than its caller
    public ObjectNode settled(UUID id, Duration patience, Predicate<UUID> held) throws InterruptedException {
        var until = System.nanoTime() + patience.toNanos();
        var known = ledger.find(id).orElseThrow();
        var tree = ledger.tree(id, known.seq());
        try (var watch = ledger.watch(id, known.seq(), false)) {
            while (!tree.state().settles() || (!tree.state().terminal() && held.test(id))) {
                var left = until - System.nanoTime();
                if (left <= 0) {
                    break;
                }
                watch.next(Duration.ofNanos(Math.min(left, LOOK.toNanos())))
                        .forEach(numbered -> tree.apply(numbered.event()));
            }
        }
        return tree.task();
    }

    /// SubscribeToTask: the task, or all events after the one that the caller saw last, and then what comes.
    Outcome subscribe(Incoming incoming) throws Fault {
        var task = own(incoming, incoming.call().text("id"));
        var seen = incoming.lastEvent();
        if (task.state().terminal() && (seen == null || seen >= task.seq())) {
            throw incoming.fault(ErrorCode.UNSUPPORTED_OPERATION, "Expected a task that goes on, but it has ended");
        }
        var from = seen == null ? task.seq() : Math.min(Math.max(seen, 0), task.seq());
        var tree = ledger.tree(task.id(), from);
        return new Outcome.Events(new Following(ledger.watch(task.id(), from, false), tree, begin(seen), from));
    }

    private static Following.Begin begin(@Nullable Long seen) {
        if (seen == null) {
            return Following.Begin.WITH_THE_TASK;
        }
        return seen == 0 ? Following.Begin.AS_IT_COMES : Following.Begin.GOING_ON;
    }

    /// ListTasks: only the caller's own, the one that changed last first.
    ObjectNode list(Incoming incoming) throws Fault {
        var params = incoming.call().params();
        var length = A2aCall.historyLength(incoming.call().id(), params);
        var size = pageSize(incoming);
        var page = ledger.list(new Ledger.Query(
                incoming.target(),
                Owner.of(incoming.caller()),
                params.path("contextId").asText(""),
                state(incoming),
                since(incoming),
                place(incoming),
                size));
        var answer = Json.object();
        var list = answer.putArray("tasks");
        var weight = 0;
        for (var task : page.tasks()) {
            if (weight > PAGE_BYTES_MAX) {
                break;
            }
            var whole = A2aCall.trimmed(ledger.tree(task.id()).task(), length).deepCopy();
            if (!params.path("includeArtifacts").asBoolean(false)) {
                whole.remove("artifacts");
            }
            weight += Json.weight(whole);
            list.add(whole);
        }
        var more = page.more() || list.size() < page.tasks().size();
        return answer.put("nextPageToken", more ? token(page.tasks().get(list.size() - 1)) : "")
                .put("pageSize", size)
                .put("totalSize", page.total());
    }

    private static int pageSize(Incoming incoming) throws Fault {
        var size = incoming.call().params().path("pageSize");
        if (size.isMissingNode() || size.isNull()) {
            return PAGE_DEFAULT;
        }
        if (!size.isInt() || size.intValue() < 1 || size.intValue() > PAGE_MAX) {
            throw incoming.fault(ErrorCode.INVALID_PARAMS, "Expected \"pageSize\" between 1 and " + PAGE_MAX);
        }
        return size.intValue();
    }

    private static String state(Incoming incoming) throws Fault {
        var wire = incoming.call().params().path("status").asText("");
        if (wire.isEmpty() || wire.equals("TASK_STATE_UNSPECIFIED")) {
            return "";
        }
        return TaskState.parse(wire)
                .orElseThrow(() -> incoming.fault(ErrorCode.INVALID_PARAMS, "Expected \"status\" to be a task state"))
                .wire(A2aVersion.V0_3);
    }

    private static @Nullable Instant since(Incoming incoming) throws Fault {
        var after = incoming.call().params().path("statusTimestampAfter").asText("");
        try {
            return after.isEmpty() ? null : time(after);
        } catch (DateTimeException notATime) {
            throw incoming.fault(
                    ErrorCode.INVALID_PARAMS,
                    "Expected \"statusTimestampAfter\" to be a time like 2026-01-31T12:00:00Z");
        }
    }

    /// Reads a time that a database can hold.
    private static Instant time(String text) {
        var time = Instant.parse(text);
        if (time.isBefore(Instant.EPOCH) || time.isAfter(FAR)) {
            throw new DateTimeException("Expected a time of this age");
        }
        return time;
    }

    private static String token(LedgerTask last) {
        var text = last.stateAt() + "|" + last.id();
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static Ledger.@Nullable Place place(Incoming incoming) throws Fault {
        var token = incoming.call().params().path("pageToken").asText("");
        if (token.isEmpty()) {
            return null;
        }
        try {
            var parts = new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8).split("\\|", -1);
            return new Ledger.Place(time(parts[0]), UUID.fromString(parts[parts.length - 1]));
        } catch (IllegalArgumentException | DateTimeException notOurs) {
            throw incoming.fault(ErrorCode.INVALID_PARAMS, "Expected a \"pageToken\" that an earlier page gave");
        }
    }

    /// CancelTask: what waits is canceled here and for good; what an agent is at is canceled there.
    ObjectNode cancel(Incoming incoming) throws Fault, InterruptedException {
        var task = own(incoming, incoming.call().text("id"));
        return cancel(task.id(), incoming.call().id());
    }

    /// Cancels a task, and then all that goes on in its course.
    ///
    /// @param call the id of the call that asks for it; JSON null where there is none
    public ObjectNode cancel(UUID id, JsonNode call) throws Fault, InterruptedException {
        for (int tries = 0; tries < TRIES_MAX; tries++) {
            var task = ledger.find(id)
                    .orElseThrow(() -> new Fault(call, ErrorCode.TASK_NOT_FOUND, "Expected a task, but there is none"));
            if (task.state().terminal()) {
                throw notCancelable(call, task);
            }
            var open = ledger.openDelivery(task.id());
            var leased = open.filter(hold -> hold.phase().equals("leased")).isPresent();
            var done = leased ? cancelThere(call, task) : cancelHere(task, open.orElse(null));
            if (done) {
                ledger.below(id).stream()
                        .filter(child -> !child.state().terminal())
                        .forEach(this::cancelInTurn);
                return ledger.tree(id).task();
            }
        }
        throw new Fault(call, ErrorCode.AGENT_UNAVAILABLE, "Expected to cancel the task, but it kept changing");
    }

    /// Ends a task whose time is over, and all that goes on in its course. Its agent is told, and need not
    /// agree.
    void expire(LedgerTask task) {
        end(task, "it was not done by " + task.deadline());
    }

    /// Ends a task, and all that goes on in its course. Its agent is told, and need not agree.
    void end(LedgerTask task, String why) {
        var waiting = ledger.openDelivery(task.id()).filter(hold -> hold.phase().equals("queued"));
        if (ended(
                task, TaskState.FAILED, why, waiting.orElse(null), waiting.isPresent() ? Entry.End.dead(why) : null)) {
            deliveries.stop(task.id());
            if (!task.agentTask().isEmpty()) {
                Thread.ofVirtual().name("tell-" + task.id()).start(() -> tellAgent(task));
            }
            ledger.below(task.id()).stream()
                    .filter(child -> !child.state().terminal())
                    .forEach(this::cancelInTurn);
        }
    }

    /// What is asked for in the course of a canceled task is not wanted any more either.
    private void cancelInTurn(LedgerTask child) {
        Thread.ofVirtual().name("cancel-" + child.id()).start(() -> {
            try {
                cancel(child.id(), Json.nothing());
            } catch (Fault notNow) {
                LOG.info("Task {} was to be canceled with the one above it: {}", child.id(), notNow.getMessage());
            } catch (InterruptedException stopping) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private static Fault notCancelable(JsonNode call, LedgerTask task) {
        return new Fault(
                call,
                ErrorCode.TASK_NOT_CANCELABLE,
                "Expected a task that goes on, but it is " + task.state().wire(A2aVersion.V0_3));
    }

    /// Cancels a task that nobody is at; false when it changed meanwhile.
    private boolean cancelHere(LedgerTask task, Entry.@Nullable Hold waiting) {
        var done = ended(task, TaskState.CANCELED, "", waiting, waiting == null ? null : Entry.End.canceled());
        if (done && waiting == null && !task.agentTask().isEmpty()) {
            Thread.ofVirtual().name("tell-" + task.id()).start(() -> tellAgent(task));
        }
        return done;
    }

    /// An agent that waits for its caller may forget the task now; whether it hears of it changes nothing.
    private void tellAgent(LedgerTask task) {
        try {
            var route = means.routes().to(task.target());
            if (route.isPresent()) {
                means.line().call(route.get(), A2aMethod.CANCEL, Json.object().put("id", task.agentTask()), Map.of());
            }
        } catch (LineException | Refusal unreached) {
            LOG.debug("Task {} was canceled, but its agent does not know", task.id(), unreached);
        }
    }

    private boolean ended(
            LedgerTask task, TaskState state, String why, Entry.@Nullable Hold hold, Entry.@Nullable End end) {
        var tree = ledger.tree(task.id());
        var event = Words.came(tree.task(), state, why, means.clock().instant());
        tree.apply(event);
        return ledger.append(new Entry(
                        task.id(),
                        task.target(),
                        task.seq(),
                        hold,
                        List.of(event),
                        state.wire(A2aVersion.V0_3),
                        Entry.Named.UNKNOWN,
                        tree.task(),
                        end))
                .filter(written -> !written.ended())
                .isPresent();
    }

    /// Lets the agent cancel what it is at, and waits until it did; false when there is nothing to cancel any
    /// more.
    private boolean cancelThere(JsonNode call, LedgerTask task) throws Fault, InterruptedException {
        ledger.askToCancel(task.id());
        try (var watch = ledger.watch(task.id(), task.seq(), false)) {
            var known = named(task, watch);
            if (known.state().terminal()) {
                return known.state() == TaskState.CANCELED;
            }
            var route = means.routes().to(task.target());
            if (known.agentTask().isEmpty() || route.isEmpty()) {
                throw later(call);
            }
            var answer = means.line()
                    .call(route.get(), A2aMethod.CANCEL, Json.object().put("id", known.agentTask()), Map.of());
            if (!(answer instanceof Heard.Whole(var response))) {
                throw later(call);
            }
            return answered(call, known, response);
        } catch (LineException unreached) {
            throw later(call);
        }
    }

    private boolean answered(JsonNode call, LedgerTask task, JsonNode response) throws Fault {
        var code = response.path("error").path("code").asInt(0);
        if (code == ErrorCode.TASK_NOT_FOUND.number()) {
            var gone = ended(task, TaskState.CANCELED, "", null, null);
            deliveries.stop(task.id());
            return gone;
        }
        if (code != 0) {
            ledger.letGoOn(task.id());
            throw new Fault(call, response.path("error"));
        }
        var state = Canonical.event(response.path("result"))
                .map(event -> event.path("task").path("status").path("state").asText(""))
                .flatMap(TaskState::parse);
        if (state.filter(TaskState.CANCELED::equals).isEmpty()) {
            ledger.letGoOn(task.id());
            throw new Fault(
                    call,
                    ErrorCode.TASK_NOT_CANCELABLE,
                    "Expected the agent to cancel the task, but there it is "
                            + state.map(found -> found.wire(A2aVersion.V0_3)).orElse("in no state that is known"));
        }
        var done = ended(task, TaskState.CANCELED, "", null, null)
                || ledger.find(task.id())
                        .filter(now -> now.state() == TaskState.CANCELED)
                        .isPresent();
        deliveries.stop(task.id());
        return done;
    }

    /// The task once its agent has a name for it, or as it is after a while.
    private LedgerTask named(LedgerTask task, Watch watch) throws InterruptedException {
        var until = System.nanoTime() + NAME_PATIENCE.toNanos();
        var now = task;
        while (now.agentTask().isEmpty() && !now.state().terminal() && System.nanoTime() < until) {
            if (watch.next(Duration.ofNanos(Math.max(1, until - System.nanoTime())))
                    .isEmpty()) {
                break;
            }
            now = ledger.find(task.id()).orElse(now);
        }
        return now;
    }

    private static Fault later(JsonNode call) {
        return new Fault(
                call,
                ErrorCode.AGENT_UNAVAILABLE,
                "Expected the agent to cancel the task, but it cannot be reached; it is canceled as soon as it is met");
    }
}
