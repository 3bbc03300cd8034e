package ai.molecule.platform.a2a;

import ai.molecule.platform.a2a.Switchboard.Incoming;
import ai.molecule.platform.access.Caller;
import ai.molecule.platform.ledger.LedgerTask;
import ai.molecule.protocol.A2aCall;
import ai.molecule.protocol.A2aMethod;
import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.JsonRpc.Fault;
import ai.molecule.protocol.Refusal;
import java.time.Duration;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells a task that waits for input what the platform has to say, as a message of the task's own caller.
public final class Telling {

    private static final Logger LOG = LoggerFactory.getLogger(Telling.class);

    private final Sending sending;

    public Telling(Sending sending) {
        this.sending = sending;
    }

    /// The course that the task itself was asked for in: what goes on inside another task needs no free slot.
    private static Map<String, String> course(LedgerTask task) {
        return task.parent() == null
                ? Map.of()
                : Map.of(Courses.TRACEPARENT, Courses.traceparent(task.trace(), task.parent()));
    }

    /// Sends a message to go on with; false when it cannot be taken now.
    ///
    /// @param messageId by which a second try is known
    public boolean tell(LedgerTask task, String messageId, String text) {
        var message = Json.object()
                .put("role", "ROLE_USER")
                .put("messageId", messageId)
                .put("taskId", task.id().toString());
        message.putArray("parts").addObject().put("text", text);
        var params = Json.object();
        params.set("message", message);
        params.putObject("configuration").put("returnImmediately", true);
        var caller = task.owner()
                .workspace()
                .<Caller>map(owner -> new Caller.Agent(owner, 0))
                .orElseGet(() -> new Caller.Admin(false));
        var call = new A2aCall(Json.nothing(), A2aMethod.SEND, A2aVersion.V1_0, params);
        try {
            sending.send(new Incoming(task.target(), caller, call, course(task), null, Duration.ZERO, null, false));
            return true;
        } catch (Fault | Refusal notNow) {
            LOG.debug("Task {} cannot be told yet: {}", task.id(), notNow.getMessage());
            return false;
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
