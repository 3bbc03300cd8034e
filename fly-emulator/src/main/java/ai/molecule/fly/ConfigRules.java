package ai.molecule.fly;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.Set;

/// What a machine's configuration must be like.
///
/// Source: Fly's documentation of machine sizes and of the Machines resource.
final class ConfigRules {

    private static final Map<String, Set<Integer>> CPUS =
            Map.of("shared", Set.of(1, 2, 4, 6, 8), "performance", Set.of(1, 2, 4, 6, 8, 10, 12, 14, 16));
    private static final Set<String> AUTOSTOPS = Set.of("off", "stop", "suspend");
    private static final Set<String> POLICIES = Set.of("no", "always", "on-failure", "spot-price");
    private static final int MEMORY_STEP = 256;

    private ConfigRules() {}

    /// The configuration as it is kept, with what was left out filled in.
    ///
    /// @throws Refusal 400 or 422 when it is none
    static ObjectNode checked(JsonNode given) {
        if (!(given instanceof ObjectNode object)) {
            throw Refusal.invalid("config: expected an object");
        }
        var config = object.deepCopy();
        if (config.path("image").asText().isEmpty()) {
            throw Refusal.unprocessable("invalid_argument: invalid config.image, no image specified");
        }
        guest(config);
        texts(config, "env");
        texts(config, "metadata");
        if (config.path("mounts").size() > 1) {
            throw Refusal.invalid("a machine can mount at most one volume");
        }
        for (var service : config.path("services")) {
            service((ObjectNode) service);
        }
        for (var file : config.path("files")) {
            if (!file.path("guest_path").asText().startsWith("/")) {
                throw Refusal.invalid("config.files: guest_path must be absolute");
            }
        }
        var policy = config.path("restart").path("policy").asText("on-failure");
        if (!POLICIES.contains(policy)) {
            throw Refusal.invalid("config.restart: unknown policy \"" + policy + "\"");
        }
        return config;
    }

    private static void guest(ObjectNode config) {
        var guest = config.withObjectProperty("guest");
        if (config.has("size") && guest.size() > 0) {
            throw Refusal.unprocessable("invalid_argument: size and guest exclude each other");
        }
        var kind = guest.path("cpu_kind").asText("shared");
        var cpus = guest.path("cpus").asInt(1);
        var allowed = CPUS.get(kind);
        if (allowed == null) {
            throw Refusal.unprocessable("invalid_argument: unsupported guest cpu kind \"" + kind + "\"");
        }
        if (!allowed.contains(cpus)) {
            throw Refusal.unprocessable("invalid_argument: unsupported number of cpus " + cpus);
        }
        var least = kind.equals("shared") ? MEMORY_STEP : 2048;
        var most = kind.equals("shared") ? 2048 : 8192;
        var memory = guest.path("memory_mb").asInt(least * cpus);
        if (memory % MEMORY_STEP != 0 || memory < least * cpus || memory > most * cpus) {
            throw Refusal.unprocessable("invalid_argument: unsupported memory " + memory + " MB for " + cpus + " "
                    + kind + " cpus; expected a multiple of 256 between " + least * cpus + " and " + most * cpus);
        }
        if (guest.has("gpu_kind")) {
            throw Refusal.unprocessable("invalid_argument: no hosts with GPUs are left");
        }
        guest.put("cpu_kind", kind).put("cpus", cpus).put("memory_mb", memory);
    }

    private static void texts(ObjectNode config, String field) {
        for (var one : config.path(field).properties()) {
            if (!one.getValue().isTextual()) {
                throw Refusal.invalid("config." + field + ": expected a text for \"" + one.getKey() + "\"");
            }
        }
    }

    /// On the wire `autostop` is a word; what is kept shows the older flag.
    private static void service(ObjectNode service) {
        var autostop = service.path("autostop");
        if (autostop.isTextual()) {
            if (!AUTOSTOPS.contains(autostop.asText())) {
                throw Refusal.invalid("services: unknown autostop \"" + autostop.asText() + "\"");
            }
            if (!autostop.asText().equals("suspend")) {
                service.put("autostop", autostop.asText().equals("stop"));
            }
        }
        if (service.has("autostart") && !service.path("autostart").isBoolean()) {
            throw Refusal.invalid("services: autostart must be a boolean");
        }
        if (!service.path("internal_port").isInt()) {
            throw Refusal.invalid("services: internal_port is missing");
        }
    }
}
