package ai.molecule.fly;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/// One app: machines, volumes, secrets and addresses. Everything in it is read and written under the world's
/// lock.
final class App {

    final String name;
    final String org;
    final String network;
    final Map<String, Machine> machines = new LinkedHashMap<>();
    final Map<String, Machine> destroyed = new LinkedHashMap<>();
    final Map<String, ObjectNode> volumes = new LinkedHashMap<>();
    final Map<String, String> secrets = new TreeMap<>();
    final Map<String, ObjectNode> addresses = new LinkedHashMap<>();
    long secretsVersion;

    App(String name, String org, String network) {
        this.name = name;
        this.org = org;
        this.network = network;
    }

    ObjectNode toJson() {
        var json = Json.object()
                .put("id", name)
                .put("name", name)
                .put("status", machines.isEmpty() ? "pending" : "deployed")
                .put("network", network)
                .put("machine_count", machines.size())
                .put("volume_count", volumes.size());
        json.putObject("organization").put("name", org).put("slug", org);
        return json;
    }
}
