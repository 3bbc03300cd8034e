package ai.molecule.agent;

import ai.molecule.protocol.A2aMethod;
import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.JsonRpc;
import ai.molecule.protocol.JsonRpc.ErrorCode;
import ai.molecule.protocol.JsonRpc.Fault;
import ai.molecule.protocol.Message;
import ai.molecule.protocol.Task;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A2A 1.0 and 0.3 over JSON-RPC, without the HTTP around it: a call comes in, an answer or somebody to follow goes
/// out.
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
    record Caller(@Nullable String version, String workspace) {}

    /// Answers a call.
    Outcome answer(byte[] body, Caller caller) throws InterruptedException {
        JsonNode id = NullNode.getInstance();
        try {
            var json = Json.read(body);
            id = JsonRpc.idOf(json);
            var request = JsonRpc.Request.read(json);
            if (A2aVersion.negotiate(caller.version()).isEmpty()) {
                throw new Fault(
                        id,
                        ErrorCode.VERSION_NOT_SUPPORTED,
                        "Expected A2A-Version 1.0 or 0.3, but found " + caller.version());
            }
            var spoken = A2aMethod.parse(request.method())
                    .orElseThrow(() -> new Fault(
                            request.id(),
                            ErrorCode.METHOD_NOT_FOUND,
                            "Expected an A2A method, but found " + request.method()));
            return serve(spoken, request, caller.workspace());
        } catch (Json.MalformedException bad) {
            return new Outcome.Whole(JsonRpc.error(id, ErrorCode.PARSE_ERROR, String.valueOf(bad.getMessage())));
        } catch (Fault fault) {
            return new Outcome.Whole(fault.toJson());
        }
    }

    private Outcome serve(A2aMethod.Spoken spoken, JsonRpc.Request request, String caller)
            throws Fault, InterruptedException {
        var version = spoken.version();
        return switch (spoken.method()) {
            case SEND -> send(request, version, caller);
            case STREAM -> stream(request, version, caller);
            case GET -> whole(request, trimmed(run(request, caller).task(), request.params(), version));
            case LIST -> whole(request, list(request, version, caller));
            case CANCEL -> cancel(request, version, caller);
            case SUBSCRIBE -> subscribe(request, version, caller);
        };
    }

    private Outcome send(JsonRpc.Request request, A2aVersion version, String caller)
            throws Fault, InterruptedException {
        var turn = accept(request, caller);
        turn.start(tasks);
        var run = turn.run();
        var configuration = request.params().path("configuration");
        var waits = switch (version) {
            case V1_0 -> !flag(configuration, "returnImmediately", "return_immediately", false);
            case V0_3 -> flag(configuration, "blocking", "blocking", true);
        };
        var task = trimmed(waits ? run.awaitSettled() : run.task(), configuration, version);
        if (version == A2aVersion.V0_3) {
            return whole(request, task);
        }
        var wrapped = Json.object();
        wrapped.set("task", task);
        return whole(request, wrapped);
    }

    private Outcome stream(JsonRpc.Request request, A2aVersion version, String caller) throws Fault {
        var turn = accept(request, caller);
        var follower = turn.run().follow();
        turn.start(tasks);
        return new Outcome.Events(request.id(), version, follower);
    }

    /// A message that begins a task or goes on with one, not yet worked on.
    private record Turn(TaskRun run, Message message, boolean continued) {
        void start(Tasks tasks) {
            tasks.work(run, message, continued);
        }
    }

    private Turn accept(JsonRpc.Request request, String caller) throws Fault {
        var message = Message.read(request.params().path("message"))
                .orElseThrow(() -> new Fault(
                        request.id(), ErrorCode.INVALID_PARAMS, "Expected \"params.message\" with at least one part"));
        if (tasks.closing()) {
            throw new Fault(request.id(), ErrorCode.INTERNAL_ERROR, "The agent is stopping");
        }
        if (message.taskId() == null) {
            return new Turn(tasks.begin(message, caller), message, false);
        }
        var run = tasks.find(message.taskId(), caller).orElseThrow(() -> notFound(request));
        if (message.contextId() != null
                && !message.contextId().equals(run.task().contextId())) {
            throw new Fault(request.id(), ErrorCode.INVALID_PARAMS, "Expected the context of task " + message.taskId());
        }
        if (!run.resume(message)) {
            throw new Fault(
                    request.id(),
                    ErrorCode.UNSUPPORTED_OPERATION,
                    "Expected a task that waits for input, but it is "
                            + run.task().state().wire(A2aVersion.V0_3));
        }
        return new Turn(run, message, true);
    }

    private Outcome cancel(JsonRpc.Request request, A2aVersion version, String caller) throws Fault {
        var run = run(request, caller);
        if (!run.cancel()) {
            throw new Fault(
                    request.id(),
                    ErrorCode.TASK_NOT_CANCELABLE,
                    "Expected a task that goes on, but it is "
                            + run.task().state().wire(A2aVersion.V0_3));
        }
        return whole(request, run.task().toJson(version));
    }

    private Outcome subscribe(JsonRpc.Request request, A2aVersion version, String caller) throws Fault {
        var run = run(request, caller);
        if (run.task().state().terminal()) {
            throw new Fault(
                    request.id(), ErrorCode.UNSUPPORTED_OPERATION, "Expected a task that goes on, but it has ended");
        }
        return new Outcome.Events(request.id(), version, run.follow());
    }

    private ObjectNode list(JsonRpc.Request request, A2aVersion version, String caller) throws Fault {
        var params = request.params();
        var size = number(request, "pageSize", PAGE_DEFAULT, PAGE_MAX);
        var start = params.path("pageToken").asText("");
        if (!start.matches("[0-9]{0,6}")) {
            throw new Fault(
                    request.id(), ErrorCode.INVALID_PARAMS, "Expected a \"pageToken\" that an earlier page gave");
        }
        var from = start.isEmpty() ? 0 : Integer.parseInt(start);
        var matching = tasks.all(caller).stream()
                .filter(task -> matches(task, params, version))
                .toList();
        var page = matching.stream().skip(from).limit(size).toList();
        var result = Json.object();
        var array = result.putArray("tasks");
        page.forEach(task -> array.add(task.toJson(version)));
        return result.put(
                        "nextPageToken", from + page.size() < matching.size() ? String.valueOf(from + page.size()) : "")
                .put("pageSize", size)
                .put("totalSize", matching.size());
    }

    private static boolean matches(Task task, JsonNode params, A2aVersion version) {
        var context = params.path("contextId").asText("");
        var status = params.path("status").asText("");
        return (context.isEmpty() || context.equals(task.contextId()))
                && (status.isEmpty() || status.equals(task.state().wire(version)));
    }

    private TaskRun run(JsonRpc.Request request, String caller) throws Fault {
        return tasks.find(request.params().path("id").asText(""), caller).orElseThrow(() -> notFound(request));
    }

    private static ObjectNode trimmed(Task task, JsonNode params, A2aVersion version) {
        var json = task.toJson(version);
        var length = params.path("historyLength");
        if (length.isInt()
                && length.intValue() >= 0
                && length.intValue() < task.history().size()) {
            var history = Json.array();
            List<Message> last = task.history()
                    .subList(
                            task.history().size() - length.intValue(),
                            task.history().size());
            last.forEach(message -> history.add(message.toJson(version)));
            json.set("history", history);
        }
        return json;
    }

    private static Outcome whole(JsonRpc.Request request, JsonNode result) {
        return new Outcome.Whole(JsonRpc.result(request.id(), result));
    }

    private static Fault notFound(JsonRpc.Request request) {
        return new Fault(
                request.id(),
                ErrorCode.TASK_NOT_FOUND,
                "Expected a task of this agent, but there is none with this id");
    }

    private static boolean flag(JsonNode object, String name, String other, boolean otherwise) {
        return object.path(name).asBoolean(object.path(other).asBoolean(otherwise));
    }

    private static int number(JsonRpc.Request request, String name, int otherwise, int max) throws Fault {
        var value = request.params().path(name);
        if (value.isMissingNode() || value.isNull()) {
            return otherwise;
        }
        if (!value.isInt() || value.intValue() < 1 || value.intValue() > max) {
            throw new Fault(request.id(), ErrorCode.INVALID_PARAMS, "Expected \"" + name + "\" between 1 and " + max);
        }
        return value.intValue();
    }
}
