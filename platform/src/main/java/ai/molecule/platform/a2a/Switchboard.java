package ai.molecule.platform.a2a;

import ai.molecule.platform.access.Caller;
import ai.molecule.platform.access.Hierarchy;
import ai.molecule.platform.registry.Routes;
import ai.molecule.platform.workspace.Workspaces;
import ai.molecule.protocol.A2aMethod;
import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.JsonRpc;
import ai.molecule.protocol.JsonRpc.ErrorCode;
import ai.molecule.protocol.JsonRpc.Fault;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Connects a caller with a workspace's agent: checks the call, finds the way, and passes bytes through untouched.
public final class Switchboard {

    private static final Logger LOG = LoggerFactory.getLogger(Switchboard.class);

    private final Workspaces workspaces;
    private final Hierarchy hierarchy;
    private final Routes routes;
    private final AgentLine line;

    public Switchboard(Workspaces workspaces, Hierarchy hierarchy, Routes routes, AgentLine line) {
        this.workspaces = workspaces;
        this.hierarchy = hierarchy;
        this.routes = routes;
        this.line = line;
    }

    /// A call as it came in.
    ///
    /// @param version the `A2A-Version` header, null when absent
    /// @param passed headers that go on to the agent
    public record Call(
            WorkspaceId target,
            Caller caller,
            byte[] body,
            @Nullable String version,
            Map<String, String> passed) {}

    /// Connects.
    ///
    /// @return the agent's answer, or ours in JSON-RPC's form when the call cannot be passed on
    /// @throws Refusal when the workspace does not exist or was removed
    public Reply connect(Call call) {
        JsonNode id = NullNode.getInstance();
        try {
            var body = Json.read(call.body());
            id = JsonRpc.idOf(body);
            check(JsonRpc.Request.read(body), call);
            workspaces.require(call.target());
            hierarchy.checkMayTalk(call.caller(), call.target());
            var route = routes.to(call.target());
            if (route.isEmpty()) {
                return unavailable(
                        id, "Expected the agent of workspace " + call.target() + " to be online, but it is not");
            }
            return line.call(route.get(), call);
        } catch (Json.MalformedException notJson) {
            return Reply.error(200, JsonRpc.error(id, ErrorCode.PARSE_ERROR, String.valueOf(notJson.getMessage())));
        } catch (Fault fault) {
            return Reply.error(200, fault.toJson());
        } catch (Refusal refusal) {
            if (refusal.reason() == Refusal.Reason.FORBIDDEN) {
                return Reply.error(403, JsonRpc.error(id, ErrorCode.FORBIDDEN, String.valueOf(refusal.getMessage())));
            }
            if (refusal.reason() == Refusal.Reason.URL_NOT_ALLOWED) {
                return unavailable(id, String.valueOf(refusal.getMessage()));
            }
            throw refusal;
        } catch (AgentLine.LineException broken) {
            LOG.info("Call to workspace {} failed: {}", call.target(), broken.getMessage());
            return failed(id, broken);
        }
    }

    private static Reply failed(JsonNode id, AgentLine.LineException broken) {
        var message = String.valueOf(broken.getMessage());
        return switch (broken.fault()) {
            case UNREACHABLE -> unavailable(id, message);
            case LATE -> Reply.error(504, JsonRpc.error(id, ErrorCode.AGENT_UNAVAILABLE, message));
            case NONSENSE -> Reply.error(502, JsonRpc.error(id, ErrorCode.INVALID_AGENT_RESPONSE, message));
        };
    }

    private static void check(JsonRpc.Request request, Call call) throws Fault {
        var negotiated = A2aVersion.negotiate(call.version());
        if (negotiated.isEmpty()) {
            throw new Fault(
                    request.id(),
                    ErrorCode.VERSION_NOT_SUPPORTED,
                    "Expected " + A2aVersion.HEADER + " 1.0 or 0.3, but found " + call.version());
        }
        if (A2aMethod.parse(request.method()).isEmpty()) {
            throw new Fault(
                    request.id(), ErrorCode.METHOD_NOT_FOUND, "Expected an A2A method, but found " + request.method());
        }
    }

    private static Reply unavailable(JsonNode id, String message) {
        return Reply.error(503, JsonRpc.error(id, ErrorCode.AGENT_UNAVAILABLE, message));
    }
}
