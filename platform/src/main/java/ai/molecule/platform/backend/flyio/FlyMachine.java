package ai.molecule.platform.backend.flyio;

import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A machine as Fly shows it.
///
/// @param version its `instance_id`, another one after every update
/// @param detail the whole of it: configuration, checks, events
record FlyMachine(
        String id,
        String name,
        String state,
        String region,
        String version,
        Map<String, String> metadata,
        JsonNode detail) {

    static final String MARK_PLATFORM = "molecule_platform";
    static final String MARK_WORKSPACE = "molecule_workspace";
    static final String MARK_GENERATION = "molecule_generation";
    static final String MARK_SPEC = "molecule_spec";
    static final String MARK_LAUNCH = "molecule_launch";

    private static final Set<String> AT_REST = Set.of("stopped", "suspended", "failed", "launch_failed");

    FlyMachine {
        metadata = Map.copyOf(metadata);
    }

    static FlyMachine of(JsonNode json) {
        var config = json.path("config").isObject() ? json.path("config") : json.path("incomplete_config");
        var metadata = new HashMap<String, String>();
        config.path("metadata")
                .properties()
                .forEach(one -> metadata.put(one.getKey(), one.getValue().asText()));
        return new FlyMachine(
                json.path("id").asText(),
                json.path("name").asText(),
                json.path("state").asText(),
                json.path("region").asText(),
                json.path("instance_id").asText(json.path("version").asText()),
                metadata,
                json);
    }

    /// Whose it is; empty when it is not one of ours.
    Optional<WorkspaceId> workspace(String platform) {
        return platform.equals(metadata.get(MARK_PLATFORM))
                ? WorkspaceId.parse(metadata.getOrDefault(MARK_WORKSPACE, ""))
                : Optional.empty();
    }

    /// The name of this life of it.
    String handle() {
        return id + "@" + version;
    }

    long generation() {
        var written = metadata.getOrDefault(MARK_GENERATION, "");
        return written.matches("[0-9]{1,18}") ? Long.parseLong(written) : 0;
    }

    String spec() {
        return metadata.getOrDefault(MARK_SPEC, "");
    }

    boolean started() {
        return state.equals("started");
    }

    boolean suspended() {
        return state.equals("suspended");
    }

    /// The same once it is suspended.
    FlyMachine resting() {
        return new FlyMachine(id, name, "suspended", region, version, metadata, detail);
    }

    /// The same for another start, once it goes on.
    FlyMachine goingOn(long generation) {
        var marks = new HashMap<>(metadata);
        marks.put(MARK_GENERATION, String.valueOf(generation));
        return new FlyMachine(id, name, "started", region, version, marks, detail);
    }

    /// The names of the app's secrets that it is given.
    List<String> secrets() {
        var names = new ArrayList<String>();
        for (var secret : detail.path("config").path("processes").path(0).path("secrets")) {
            names.add(secret.path("name").asText());
        }
        for (var file : detail.path("config").path("files")) {
            if (file.has("secret_name")) {
                names.add(file.path("secret_name").asText());
            }
        }
        return names;
    }

    /// True in a state in which it stays until it is started.
    boolean atRest() {
        return AT_REST.contains(state);
    }

    /// True in a state that it leaves by itself.
    boolean onTheWay() {
        return !started() && !atRest() && !gone();
    }

    boolean gone() {
        return state.equals("destroyed") || state.equals("destroying");
    }

    /// False while Fly does not hear from its host.
    boolean hostAnswers() {
        return detail.path("host_status").asText("ok").equals("ok");
    }

    /// What its newest check that fails says; empty while all pass.
    Optional<String> failing() {
        for (var check : detail.path("checks")) {
            if (check.path("status").asText().equals("critical")
                    && !check.path("name").asText().startsWith("bg_deployments_compat")) {
                var output = check.path("output").asText().strip();
                return Optional.of(check.path("name").asText() + (output.isEmpty() ? "" : ": " + output));
            }
        }
        return Optional.empty();
    }

    /// True when every check that there is passes.
    boolean passing() {
        for (var check : detail.path("checks")) {
            if (!check.path("status").asText().equals("passing")) {
                return false;
            }
        }
        return true;
    }

    /// How it ended, for people, by the newest of its events that tells.
    String ending() {
        for (var event : detail.path("events")) {
            var request = event.path("request");
            var exit = request.has("exit_event")
                    ? request.path("exit_event")
                    : request.path("MonitorEvent").path("exit_event");
            if (exit.path("oom_killed").asBoolean()) {
                return "out of memory: Fly's machine " + id + " needs more than its "
                        + detail.path("config").path("guest").path("memory_mb").asInt() + " MB";
            }
            if (exit.isObject()) {
                var signal = exit.path("guest_signal").asInt(0);
                return "exited with code " + exit.path("exit_code").asInt()
                        + (signal > 0 ? " by signal " + signal : "");
            }
            if (request.has("error")) {
                return request.path("error").asText();
            }
        }
        return state.equals("failed") ? "Fly could not start machine " + id : "machine " + id + " is " + state;
    }

    /// The volume at `/workspace`; empty for none.
    Optional<String> volume() {
        return Optional.of(detail.path("config")
                        .path("mounts")
                        .path(0)
                        .path("volume")
                        .asText(""))
                .filter(volume -> !volume.isEmpty());
    }
}
