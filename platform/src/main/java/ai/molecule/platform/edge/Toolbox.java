package ai.molecule.platform.edge;

import ai.molecule.platform.a2a.Asking;
import ai.molecule.platform.a2a.Cards;
import ai.molecule.platform.a2a.Switchboard;
import ai.molecule.platform.ledger.Activity;
import ai.molecule.platform.ledger.Board;
import ai.molecule.platform.registry.Peers;
import ai.molecule.platform.workspace.Workspaces;
import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Message;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.TaskState;
import ai.molecule.protocol.Wire;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/// What the platform lets an agent do for itself, under the names that the original's agents know: look around,
/// have others do something, tell people.
public final class Toolbox {

    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final int TEXT_MAX = 64 * 1024;
    private static final int SHOWN_MAX = 200;

    private final Workspaces workspaces;
    private final Peers peers;
    private final Cards cards;
    private final Delegating delegating;
    private final Board board;
    private final Asking asking;
    private final Speaking speaking;

    public Toolbox(
            Workspaces workspaces,
            Peers peers,
            Cards cards,
            Switchboard switchboard,
            Board board,
            Asking asking,
            Activity activity) {
        this.workspaces = workspaces;
        this.peers = peers;
        this.cards = cards;
        this.delegating = new Delegating(switchboard);
        this.board = board;
        this.asking = asking;
        this.speaking = new Speaking(activity);
    }

    /// A tool.
    ///
    /// @param required the names of its arguments, all of them texts, with what they are
    /// @param optional those that may be left out
    record Tool(String name, String description, Map<String, String> required, Map<String, String> optional) {

        /// Its arguments as JSON Schema.
        Map<String, Object> schema() {
            var properties = new LinkedHashMap<String, Object>();
            required.forEach((name, what) -> properties.put(name, Map.of("type", "string", "description", what)));
            optional.forEach((name, what) -> properties.put(name, Map.of("type", "string", "description", what)));
            return Map.of(
                    "type",
                    "object",
                    "properties",
                    properties,
                    "required",
                    List.copyOf(required.keySet()),
                    "additionalProperties",
                    false);
        }
    }

    /// What comes of a call.
    ///
    /// @param failed true when it came to nothing; the text says why
    record Result(String text, boolean failed) {
        private static Result of(JsonNode json) {
            return new Result(json.toPrettyString(), false);
        }
    }

    /// Who calls a tool, and in whose course.
    record By(WorkspaceId workspace, Optional<String> course) {}

    static final List<Tool> TOOLS = List.of(
            new Tool("list_peers", "Lists the agents that you can delegate to, with their roles.", Map.of(), Map.of()),
            new Tool("get_workspace_info", "Tells who you are: name, role, place in the team.", Map.of(), Map.of()),
            new Tool(
                    "delegate_task",
                    "Has another agent do something, and waits for its answer.",
                    Map.of("workspace_id", "the agent's id, from list_peers", "task", "what it is to do, in words"),
                    Map.of()),
            new Tool(
                    "delegate_task_async",
                    "Has another agent do something, and does not wait: check_task_status tells how far it is.",
                    Map.of("workspace_id", "the agent's id, from list_peers", "task", "what it is to do, in words"),
                    Map.of("idempotency_key", "the same key twice is the same task")),
            new Tool(
                    "check_task_status",
                    "Tells how far a task is that you delegated, and what came of it.",
                    Map.of("task_id", "what delegate_task_async answered"),
                    Map.of("workspace_id", "the agent's id")),
            new Tool(
                    "send_message_to_user",
                    "Tells people something at once, before your answer is ready.",
                    Map.of("message", "what to tell them"),
                    Map.of()));

    /// Checks that a workspace is there.
    ///
    /// @throws Refusal `workspace_not_found` or `workspace_removed`
    void checkOpen(WorkspaceId workspace) {
        workspaces.require(workspace);
    }

    /// Calls a tool.
    ///
    /// @throws Refusal when there is no such tool, or it does not take these arguments
    Result call(By by, String name, JsonNode arguments) {
        var tool = TOOLS.stream()
                .filter(one -> one.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new Refusal(Reason.NOT_FOUND, "Expected a tool, but there is no " + name));
        check(tool, arguments);
        var wire = Wire.of(arguments);
        return switch (name) {
            case "list_peers" -> Result.of(listPeers(by.workspace()));
            case "get_workspace_info" -> Result.of(info(by.workspace()));
            case "delegate_task" -> said(delegating.await(wish(by, wire), PATIENCE));
            case "delegate_task_async" -> begin(by, wire);
            case "check_task_status" -> status(by.workspace(), wire.text("task_id"));
            case "send_message_to_user" -> {
                speaking.tell(workspaces.require(by.workspace()), wire.json(), wire.text("message"));
                yield new Result("sent", false);
            }
            default -> throw new IllegalStateException("Expected to know what " + name + " does");
        };
    }

    private static void check(Tool tool, JsonNode arguments) {
        for (var name : tool.required().keySet()) {
            if (!arguments.path(name).isTextual()
                    || arguments.path(name).asText().isBlank()) {
                throw new Refusal(
                        Reason.INVALID_FIELD,
                        "Expected \"" + name + "\": " + tool.required().get(name));
            }
        }
        for (var given : arguments.properties()) {
            if (!tool.required().containsKey(given.getKey()) && !tool.optional().containsKey(given.getKey())) {
                throw new Refusal(Reason.INVALID_FIELD, "Expected no \"" + Wire.clip(given.getKey(), SHOWN_MAX) + "\"");
            }
            if (given.getValue().asText().length() > TEXT_MAX) {
                throw new Refusal(
                        Reason.INVALID_FIELD,
                        "Expected \"" + given.getKey() + "\" of at most " + TEXT_MAX + " characters");
            }
        }
    }

    private JsonNode listPeers(WorkspaceId workspace) {
        var list = Json.array();
        for (var id : peers.of(workspace)) {
            var peer = WorkspaceRoutes.forAgents(workspaces.sight(id), cards);
            list.addObject()
                    .put("workspace_id", id.toString())
                    .put("name", peer.path("name").asText())
                    .put("role", peer.path("role").asText())
                    .put("status", peer.path("status").asText());
        }
        return list;
    }

    private ObjectNode info(WorkspaceId workspace) {
        var found = workspaces.require(workspace);
        var parent = found.place().parent();
        return Json.object()
                .put("workspace_id", workspace.toString())
                .put("name", found.profile().name())
                .put("role", found.profile().role())
                .put("tier", found.profile().tier().number())
                .put("runtime", found.profile().runtime())
                .put("model", found.profile().model())
                .put("parent_id", parent == null ? null : parent.toString());
    }

    private static Delegating.Wish wish(By by, Wire wire) {
        return new Delegating.Wish(
                by.workspace(),
                wire.workspaceId("workspace_id"),
                wire.text("task"),
                wire.text("idempotency_key", ""),
                by.course());
    }

    private Result begin(By by, Wire wire) {
        return Result.of(Json.object()
                .put("task_id", delegating.begin(wish(by, wire), null))
                .put("status", "delegated"));
    }

    private Result status(WorkspaceId workspace, String task) {
        var found = board.askedBy(workspace, SHOWN_MAX).stream()
                .filter(line -> line.id().toString().equals(task))
                .findFirst()
                .orElseThrow(() -> new Refusal(
                        Reason.NOT_FOUND, "Expected a task that you delegated, but there is none of this id"));
        return Result.of(Json.object()
                .put("task_id", task)
                .put("workspace_id", found.target().toString())
                .put("status", found.state())
                .put("result", asking.said(UUID.fromString(task))));
    }

    /// What a task came to, in words.
    private static Result said(JsonNode task) {
        var state = TaskState.parse(task.path("status").path("state").asText()).orElse(TaskState.SUBMITTED);
        var words = words(task);
        return switch (state) {
            case COMPLETED -> new Result(words.isEmpty() ? "done" : words, false);
            case INPUT_REQUIRED, AUTH_REQUIRED -> new Result("It needs to know more before it goes on: " + words, true);
            case FAILED, REJECTED, CANCELED -> new Result("It is " + state.wire(A2aVersion.V0_3) + ": " + words, true);
            default ->
                new Result(
                        "It is not done yet; check_task_status tells more: "
                                + task.path("id").asText(),
                        true);
        };
    }

    private static String words(JsonNode task) {
        var made = new StringBuilder();
        for (var artifact : task.path("artifacts")) {
            artifact.path("parts").forEach(part -> made.append(part.path("text").asText()));
        }
        return made.isEmpty() ? Message.text(task.path("status").path("message")) : made.toString();
    }
}
