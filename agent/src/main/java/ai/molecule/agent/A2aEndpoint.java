package ai.molecule.agent;

import ai.molecule.protocol.A2aCall;
import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.Canonical;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.JsonRpc;
import ai.molecule.protocol.JsonRpc.ErrorCode;
import ai.molecule.protocol.JsonRpc.Fault;
import ai.molecule.protocol.Message;
import ai.molecule.protocol.Task;
import ai.molecule.protocol.TaskState;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/// A2A 1.0 and 0.3 over JSON-RPC, without the HTTP around it: a call comes in, an answer or somebody to follow
/// goes out.
final class A2aEndpoint {

    private static final int PAGE_DEFAULT = 50;
    private static final int PAGE_MAX = 100;

    private final Tasks tasks;

    A2aEndpoint(Tasks tasks) {
        this.tasks = tasks;
    }

    /// What a call came to.
    sealed interface Outcome {
        /// One JSON-RPC answer.
        record Whole(ObjectNode answer) implements Outcome {}

        /// Events, each to be written as an answer to the same id.
        record Events(JsonNode id, A2aVersion version, Follower follower) implements Outcome {}
    }

    /// Who calls, as the platform says.
    ///
    /// @param version the `A2A-Version` header; null when absent
    /// @param workspace the `X-Workspace-ID` header; empty for the operator
    /// @param traceparent in whose course it calls (W3C Trace Context); empty for none
    record Caller(@Nullable String version, String workspace, String traceparent) {}

    /// Answers a call.
    Outcome answer(byte[] body, Caller caller) throws InterruptedException {
        JsonNode id = NullNode.getInstance();
        try {
            var json = Json.read(body);
            id = JsonRpc.idOf(json);
            return serve(A2aCall.overJsonRpc(json, caller.version()), caller);
        } catch (Json.MalformedException bad) {
            return new Outcome.Whole(JsonRpc.error(id, ErrorCode.PARSE_ERROR, String.valueOf(bad.getMessage())));
        } catch (Fault fault) {
            return new Outcome.Whole(fault.toJson());
        }
    }

    private Outcome serve(A2aCall call, Caller caller) throws Fault, InterruptedException {
        return switch (call.method()) {
            case SEND -> send(call, caller);
            case STREAM -> stream(call, caller);
            case GET -> whole(call, trimmed(run(call, caller).task(), call, call.params()));
            case LIST -> whole(call, list(call, caller));
            case CANCEL -> cancel(call, caller);
            case SUBSCRIBE -> subscribe(call, caller);
            case CREATE_PUSH, GET_PUSH, LIST_PUSH, DELETE_PUSH ->
                throw new Fault(
                        call.id(),
                        ErrorCode.PUSH_NOTIFICATION_NOT_SUPPORTED,
                        "Expected a call without push notifications; the platform sends them for this agent");
            case EXTENDED_CARD ->
                throw new Fault(
                        call.id(), ErrorCode.EXTENDED_AGENT_CARD_NOT_CONFIGURED, "This agent has one card only");
        };
    }

    private Outcome send(A2aCall call, Caller caller) throws Fault, InterruptedException {
        var turn = accept(call, caller);
        turn.start(tasks);
        var run = turn.run();
        var configuration = call.params().path("configuration");
        var waits = !configuration.path("returnImmediately").asBoolean(false);
        var task = trimmed(waits ? run.awaitSettled() : run.task(), call, configuration);
        return whole(call, Canonical.wrap("task", task));
    }

    private Outcome stream(A2aCall call, Caller caller) throws Fault {
        var turn = accept(call, caller);
        var follower = turn.run().follow();
        turn.start(tasks);
        return new Outcome.Events(call.id(), call.version(), follower);
    }

    /// A message that begins a task or goes on with one, not yet worked on.
    ///
    /// @param repeated true when it was taken before, so that it is worked on already
    private record Turn(TaskRun run, Message message, Tasks.Turn how, boolean repeated) {
        void start(Tasks tasks) {
            if (!repeated) {
                tasks.work(run, message, how);
            }
        }
    }

    private Turn accept(A2aCall call, Caller caller) throws Fault {
        var message = Message.read(call.params().path("message"))
                .orElseThrow(() -> new Fault(
                        call.id(), ErrorCode.INVALID_PARAMS, "Expected \"params.message\" with at least one part"));
        if (tasks.closing()) {
            throw new Fault(call.id(), ErrorCode.INTERNAL_ERROR, "The agent is stopping");
        }
        var how = new Tasks.Turn(message.taskId() != null, caller.traceparent());
        var before = tasks.taken(message, caller.workspace());
        if (before.isPresent()) {
            return new Turn(before.get(), message, how, true);
        }
        if (message.taskId() == null) {
            return new Turn(tasks.begin(message, caller.workspace()), message, how, false);
        }
        var known = tasks.find(message.taskId(), caller.workspace());
        if (known.isEmpty()) {
            var revived = tasks.revive(message, caller.workspace()).orElseThrow(() -> notFound(call));
            return new Turn(revived, message, how, false);
        }
        var run = known.get();
        if (message.contextId() != null
                && !message.contextId().equals(run.task().contextId())) {
            throw new Fault(call.id(), ErrorCode.INVALID_PARAMS, "Expected the context of task " + message.taskId());
        }
        if (!run.resume(message)) {
            throw new Fault(
                    call.id(),
                    ErrorCode.UNSUPPORTED_OPERATION,
                    "Expected a task that waits for input, but it is "
                            + run.task().state().wire(A2aVersion.V0_3));
        }
        tasks.remember(message, caller.workspace(), run);
        return new Turn(run, message, how, false);
    }

    private Outcome cancel(A2aCall call, Caller caller) throws Fault {
        var run = run(call, caller);
        if (!run.cancel()) {
            throw new Fault(
                    call.id(),
                    ErrorCode.TASK_NOT_CANCELABLE,
                    "Expected a task that goes on, but it is "
                            + run.task().state().wire(A2aVersion.V0_3));
        }
        return whole(call, run.task().toJson(A2aVersion.V1_0));
    }

    private Outcome subscribe(A2aCall call, Caller caller) throws Fault {
        var run = run(call, caller);
        if (run.task().state().terminal()) {
            throw new Fault(
                    call.id(), ErrorCode.UNSUPPORTED_OPERATION, "Expected a task that goes on, but it has ended");
        }
        return new Outcome.Events(call.id(), call.version(), run.follow());
    }

    private ObjectNode list(A2aCall call, Caller caller) throws Fault {
        var params = call.params();
        var size = number(call, "pageSize", PAGE_DEFAULT, PAGE_MAX);
        var start = params.path("pageToken").asText("");
        if (!start.matches("[0-9]{0,6}")) {
            throw new Fault(call.id(), ErrorCode.INVALID_PARAMS, "Expected a \"pageToken\" that an earlier page gave");
        }
        var from = start.isEmpty() ? 0 : Integer.parseInt(start);
        var matching = tasks.all(caller.workspace()).stream()
                .filter(task -> matches(task, params))
                .toList();
        var page = matching.stream().skip(from).limit(size).toList();
        var result = Json.object();
        var array = result.putArray("tasks");
        page.forEach(task -> array.add(task.toJson(A2aVersion.V1_0)));
        return result.put(
                        "nextPageToken", from + page.size() < matching.size() ? String.valueOf(from + page.size()) : "")
                .put("pageSize", size)
                .put("totalSize", matching.size());
    }

    private static boolean matches(Task task, JsonNode params) {
        var context = params.path("contextId").asText("");
        var status = params.path("status").asText("");
        return (context.isEmpty() || context.equals(task.contextId()))
                && (status.isEmpty()
                        || TaskState.parse(status).filter(task.state()::equals).isPresent());
    }

    private TaskRun run(A2aCall call, Caller caller) throws Fault {
        return tasks.find(call.params().path("id").asText(""), caller.workspace())
                .orElseThrow(() -> notFound(call));
    }

    private static ObjectNode trimmed(Task task, A2aCall call, JsonNode configuration) throws Fault {
        return A2aCall.trimmed(task.toJson(A2aVersion.V1_0), A2aCall.historyLength(call.id(), configuration));
    }

    private static Outcome whole(A2aCall call, JsonNode result) {
        return new Outcome.Whole(JsonRpc.result(call.id(), call.inCallersWords(result)));
    }

    private static Fault notFound(A2aCall call) {
        return new Fault(
                call.id(), ErrorCode.TASK_NOT_FOUND, "Expected a task of this agent, but there is none with this id");
    }

    private static int number(A2aCall call, String name, int otherwise, int max) throws Fault {
        var value = call.params().path(name);
        if (value.isMissingNode() || value.isNull()) {
            return otherwise;
        }
        if (!value.isInt() || value.intValue() < 1 || value.intValue() > max) {
            throw new Fault(call.id(), ErrorCode.INVALID_PARAMS, "Expected \"" + name + "\" between 1 and " + max);
        }
        return value.intValue();
    }
}
