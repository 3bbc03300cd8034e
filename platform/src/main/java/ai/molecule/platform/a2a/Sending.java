package ai.molecule.platform.a2a;

import ai.molecule.platform.a2a.Switchboard.Incoming;
import ai.molecule.platform.a2a.Switchboard.Outcome;
import ai.molecule.platform.ledger.Accepted;
import ai.molecule.platform.ledger.Ledger;
import ai.molecule.platform.ledger.LedgerTask;
import ai.molecule.platform.ledger.Owner;
import ai.molecule.platform.ledger.Submission;
import ai.molecule.platform.ledger.Watch;
import ai.molecule.platform.spending.Spending;
import ai.molecule.platform.workspace.Workspaces;
import ai.molecule.protocol.A2aCall;
import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.Canonical;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.JsonRpc.ErrorCode;
import ai.molecule.protocol.JsonRpc.Fault;
import ai.molecule.protocol.TaskState;
import ai.molecule.protocol.TaskTree;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Takes messages in, and lets their callers wait or watch.
public final class Sending {

    /// The header by which an agent is told when its task must be done.
    static final String DEADLINE = "X-Task-Deadline";

    private static final int NAME_MAX = 200;

    private final Workspaces workspaces;
    private final Ledger ledger;
    private final Asking asking;
    private final Deliveries deliveries;
    private final Pushes pushes;
    private final Courses courses;
    private final Spending spending;
    private final InstantSource clock;

    public Sending(
            Workspaces workspaces,
            Ledger ledger,
            Asking asking,
            Deliveries deliveries,
            Pushes pushes,
            Courses courses,
            Spending spending,
            InstantSource clock) {
        this.workspaces = workspaces;
        this.ledger = ledger;
        this.asking = asking;
        this.deliveries = deliveries;
        this.pushes = pushes;
        this.courses = courses;
        this.spending = spending;
        this.clock = clock;
    }

    /// A message that was taken in, and somebody who watches what becomes of it.
    ///
    /// @param tree the task up to the event that took the message in
    /// @param queued true when it has to wait for its agent
    private record Taken(UUID task, long seq, TaskTree tree, Watch watch, boolean queued) {}

    /// A blocking or immediate send.
    Outcome send(Incoming incoming) throws Fault, InterruptedException {
        var configuration = incoming.call().params().path("configuration");
        var historyLength = A2aCall.historyLength(incoming.call().id(), configuration);
        var taken = take(incoming);
        try (var watch = taken.watch()) {
            if (configuration.path("returnImmediately").asBoolean(false)) {
                return new Outcome.Whole(wrapped(taken.tree().task(), historyLength));
            }
            if (taken.queued() && incoming.impatient()) {
                return new Outcome.Waiting(A2aCall.trimmed(taken.tree().task(), historyLength));
            }
            return new Outcome.Whole(await(incoming, taken, watch, historyLength));
        }
    }

    /// A send whose caller watches.
    Outcome stream(Incoming incoming) throws Fault, InterruptedException {
        var taken = take(incoming);
        return new Outcome.Events(new Following(
                taken.watch(),
                taken.tree(),
                taken.queued() ? Following.Begin.WITH_THE_TASK : Following.Begin.AS_IT_COMES,
                taken.seq()));
    }

    private JsonNode await(Incoming incoming, Taken taken, Watch watch, @Nullable Integer historyLength)
            throws Fault, InterruptedException {
        var tree = taken.tree();
        var until = System.nanoTime() + incoming.patience().toNanos();
        while (true) {
            var left = until - System.nanoTime();
            var events = watch.next(Duration.ofNanos(Math.max(0, left)));
            for (var numbered : events) {
                tree.apply(numbered.event());
                if (numbered.error().isObject()) {
                    throw new Fault(incoming.call().id(), numbered.error());
                }
                if (numbered.event().path("message") instanceof ObjectNode message && !taken.queued()) {
                    return Canonical.wrap("message", message);
                }
                if (tree.state().settles() && numbered.seq() > taken.seq()) {
                    return wrapped(tree.task(), historyLength);
                }
            }
            if (left <= 0 && events.isEmpty()) {
                return wrapped(tree.task(), historyLength);
            }
        }
    }

    private static ObjectNode wrapped(ObjectNode task, @Nullable Integer historyLength) {
        return Canonical.wrap("task", A2aCall.trimmed(task, historyLength));
    }

    private Taken take(Incoming incoming) throws Fault {
        var message = message(incoming);
        var owner = Owner.of(incoming.caller());
        // Whoever only asks again for what it has sent before gets its answer.
        if (spending.stopped(incoming.target())
                && !ledger.took(
                        incoming.target(), owner, message.path("messageId").asText())) {
            throw incoming.fault(
                    ErrorCode.BUDGET_EXHAUSTED,
                    "Expected a workspace that may go on working, but " + spending.why(incoming.target()));
        }
        var named = message.path("taskId").asText("");
        var tree = new TaskTree();
        var submission = named.isEmpty()
                ? first(incoming, message, owner, tree)
                : further(incoming, message, asking.own(incoming, named), tree);
        var push = pushes.check(
                incoming, incoming.call().params().path("configuration").path("taskPushNotificationConfig"));
        return switch (ledger.accept(submission)) {
            case Accepted.Leased(var lease, long seq, var way) -> {
                var begun = named.isEmpty() ? copy(tree) : ledger.tree(lease.task(), seq);
                var watch = ledger.watch(lease.task(), seq, true);
                deliveries.begin(lease, way, begun);
                yield kept(push, new Taken(lease.task(), seq, tree, watch, false));
            }
            case Accepted.Queued(var task, long seq) ->
                kept(push, new Taken(task, seq, tree, ledger.watch(task, seq, false), true));
            case Accepted.Repeated(var task, long seq) -> {
                var asItWas = ledger.tree(task, seq);
                yield kept(push, new Taken(task, seq, asItWas, ledger.watch(task, seq, false), false));
            }
            case Accepted.Gone() -> {
                workspaces.require(incoming.target());
                throw new IllegalStateException("Expected workspace " + incoming.target() + " to be gone");
            }
            case Accepted.Full() ->
                throw incoming.fault(
                        ErrorCode.MAILBOX_FULL,
                        "Expected room in the mailbox of workspace " + incoming.target() + ", but it is full");
            case Accepted.Foreign() ->
                throw incoming.fault(ErrorCode.INVALID_PARAMS, "Expected a context of the caller's own");
            case Accepted.Ended() ->
                throw incoming.fault(ErrorCode.UNSUPPORTED_OPERATION, "Expected a task that goes on, but it has ended");
        };
    }

    /// Keeps the push notifications that were asked for, once the message is on its way.
    private static Taken kept(Pushes.Checked push, Taken taken) {
        try {
            push.keep(taken.task(), taken.seq());
            return taken;
        } catch (RuntimeException failed) {
            taken.watch().close();
            throw failed;
        }
    }

    private static TaskTree copy(TaskTree tree) {
        var copy = new TaskTree();
        copy.apply(Canonical.wrap("task", tree.task()));
        return copy;
    }

    private static ObjectNode message(Incoming incoming) throws Fault {
        var message = Canonical.message(incoming.call().params().path("message"), "ROLE_USER")
                .orElseThrow(() ->
                        incoming.fault(ErrorCode.INVALID_PARAMS, "Expected \"params.message\" with at least one part"));
        for (var name : new String[] {"messageId", "contextId", "taskId"}) {
            if (message.has(name)
                    && (!message.path(name).isTextual()
                            || message.path(name).textValue().length() > NAME_MAX)) {
                throw incoming.fault(
                        ErrorCode.INVALID_PARAMS,
                        "Expected \"" + name + "\" to be a string of at most " + NAME_MAX + " characters");
            }
        }
        return message;
    }

    private Submission first(Incoming incoming, ObjectNode message, Owner owner, TaskTree tree) throws Fault {
        var task = UUID.randomUUID();
        var context = message.path("contextId").asText(UUID.randomUUID().toString());
        message.put("contextId", context).put("taskId", task.toString());
        var event = Words.submitted(task, context, message, clock.instant());
        tree.apply(event);
        return submission(incoming, message, task, null, event, TaskState.SUBMITTED, owner);
    }

    private Submission further(Incoming incoming, ObjectNode message, LedgerTask known, TaskTree tree) throws Fault {
        var task = known.id();
        var before = ledger.tree(task).task();
        tree.apply(Canonical.wrap("task", before));
        var context = before.path("contextId").asText();
        if (!message.path("contextId").asText(context).equals(context)) {
            throw incoming.fault(ErrorCode.INVALID_PARAMS, "Expected the context of task " + task);
        }
        message.put("contextId", context);
        var state = tree.state().settles() ? TaskState.SUBMITTED : tree.state();
        var event = tree.state().settles()
                ? Words.came(before, state, "", clock.instant())
                : Words.came(before, before.path("status"));
        event.set(TaskTree.HEARD, message);
        tree.apply(event);
        return submission(incoming, message, task, known, event, state, Owner.of(incoming.caller()));
    }

    private Submission submission(
            Incoming incoming,
            ObjectNode message,
            UUID task,
            @Nullable LedgerTask known,
            ObjectNode event,
            TaskState state,
            Owner owner)
            throws Fault {
        var request = Json.object();
        var params = incoming.call().params().deepCopy();
        params.set("message", message.deepCopy());
        request.set("params", params);
        var origin = courses.origin(incoming, task);
        var headers = request.putObject("headers");
        incoming.headers().forEach(headers::put);
        headers.put("traceparent", Courses.traceparent(known == null ? origin.trace() : known.trace(), task));
        var deadline = known == null ? origin.deadline() : known.deadline();
        if (deadline != null) {
            headers.put(DEADLINE, deadline.toString());
        }
        owner.workspace().ifPresent(workspace -> headers.put("X-Workspace-ID", workspace.toString()));
        return new Submission(
                task,
                known != null,
                new Submission.Address(
                        incoming.target(),
                        owner,
                        message.path("contextId").asText(),
                        message.path("messageId").asText(),
                        !incoming.call().params().path("message").hasNonNull("contextId")
                                && !incoming.call().params().path("message").hasNonNull("context_id")
                                && known == null),
                event,
                state.wire(A2aVersion.V0_3),
                request,
                origin,
                expires(deadline));
    }

    private Instant expires(@Nullable Instant deadline) {
        var patience = clock.instant().plus(ledger.limits().patience());
        return deadline != null && deadline.isBefore(patience) ? deadline : patience;
    }
}
