package ai.molecule.platform.a2a;

import ai.molecule.platform.access.Caller;
import ai.molecule.platform.access.Hierarchy;
import ai.molecule.platform.workspace.Workspaces;
import ai.molecule.protocol.A2aCall;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.JsonRpc.ErrorCode;
import ai.molecule.protocol.JsonRpc.Fault;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The A2A server in front of every workspace: may this caller talk to that workspace, and which of the eleven
/// operations is meant. What is known of a task is answered from the ledger, whether its agent is there or not.
public final class Switchboard {

    private final Workspaces workspaces;
    private final Hierarchy hierarchy;
    private final Cards cards;
    private final Sending sending;
    private final Asking asking;
    private final Pushes pushes;

    public Switchboard(
            Workspaces workspaces, Hierarchy hierarchy, Cards cards, Sending sending, Asking asking, Pushes pushes) {
        this.workspaces = workspaces;
        this.hierarchy = hierarchy;
        this.cards = cards;
        this.sending = sending;
        this.asking = asking;
        this.pushes = pushes;
    }

    /// A call as it came in.
    ///
    /// @param headers those of A2A and of tracing
    /// @param lastEvent the number of the last event that a subscriber saw; null when it says none
    /// @param patience how long the caller waits for a task to settle
    /// @param deadline when a task that the message begins must be done; null for no limit
    /// @param impatient true for a caller that is told at once when its message has to wait
    public record Incoming(
            WorkspaceId target,
            Caller caller,
            A2aCall call,
            Map<String, String> headers,
            @Nullable Long lastEvent,
            Duration patience,
            @Nullable Instant deadline,
            boolean impatient) {

        Fault fault(ErrorCode code, String message) {
            return new Fault(call.id(), code, message);
        }
    }

    /// What a call came to, in the form of 1.0.
    public sealed interface Outcome {
        /// A result.
        record Whole(JsonNode result) implements Outcome {}

        /// A task that waits for its agent, for a caller that does not.
        record Waiting(ObjectNode task) implements Outcome {}

        /// Events as they come.
        record Events(Following following) implements Outcome {}
    }

    /// Answers a call.
    ///
    /// @throws Fault when it cannot be served
    /// @throws Refusal when the workspace does not exist or was removed
    public Outcome connect(Incoming incoming) throws Fault, InterruptedException {
        checkMayTalk(incoming);
        if (!incoming.call().method().sends()) {
            workspaces.require(incoming.target());
        }
        return switch (incoming.call().method()) {
            case SEND -> sending.send(incoming);
            case STREAM -> sending.stream(incoming);
            case GET -> new Outcome.Whole(asking.get(incoming));
            case LIST -> new Outcome.Whole(asking.list(incoming));
            case CANCEL -> new Outcome.Whole(asking.cancel(incoming));
            case SUBSCRIBE -> asking.subscribe(incoming);
            case CREATE_PUSH -> new Outcome.Whole(pushes.create(incoming));
            case GET_PUSH -> new Outcome.Whole(pushes.get(incoming));
            case LIST_PUSH -> new Outcome.Whole(pushes.list(incoming));
            case DELETE_PUSH -> {
                pushes.delete(incoming);
                yield new Outcome.Whole(Json.object());
            }
            case EXTENDED_CARD -> new Outcome.Whole(cards.of(incoming.target()));
        };
    }

    private void checkMayTalk(Incoming incoming) throws Fault {
        try {
            hierarchy.checkMayTalk(incoming.caller(), incoming.target());
        } catch (Refusal refusal) {
            workspaces.require(incoming.target());
            throw incoming.fault(ErrorCode.FORBIDDEN, String.valueOf(refusal.getMessage()));
        }
    }
}
