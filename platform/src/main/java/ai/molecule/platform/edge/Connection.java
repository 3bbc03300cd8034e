package ai.molecule.platform.edge;

import ai.molecule.platform.access.Access;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;

/// How an agent joins from wherever it is, in words that can be copied.
final class Connection {

    private Connection() {}

    /// @param given the secret, shown here and never again
    static ObjectNode of(WorkspaceId workspace, URI platform, Access.Enrolment given) {
        var enrolment = given.token().reveal();
        var base = platform.toString().replaceFirst("/$", "");
        return Json.object()
                .put("workspace_id", workspace.toString())
                .put("platform_url", platform.toString())
                .put("enrolment_token", enrolment)
                .put("expires_at", given.expiresAt().toString())
                .put("registry_endpoint", base + "/registry/register")
                .put("heartbeat_endpoint", base + "/registry/heartbeat")
                .put("uplink_endpoint", base.replaceFirst("^http", "ws") + "/uplink")
                .put("join_command", "molecule agent join " + base + " --token " + enrolment)
                .put(
                        "bridge_command",
                        "molecule agent bridge " + base + " --token " + enrolment + " --to http://localhost:9000")
                .put("exec_command", "molecule agent exec --platform " + base + " --token " + enrolment + " -- cat")
                .put("curl", curl(base, enrolment));
    }

    private static String curl(String base, String enrolment) {
        return """
                AUTH_TOKEN=$(curl -fsS -X POST %s/registry/register \\
                  -H 'Authorization: Bearer %s' \\
                  -d '{"agent_card": {"name": "my agent"}, "delivery_mode": "poll"}' | jq -r .auth_token)
                """.formatted(base, enrolment);
    }
}
