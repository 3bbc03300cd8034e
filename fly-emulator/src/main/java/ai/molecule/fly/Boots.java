package ai.molecule.fly;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Makes processes of configurations: environment, secrets, files, volumes; ends them, and looks after their
/// checks.
final class Boots {

    private static final Pattern OURS =
            Pattern.compile("workspace-(echo|hermes|langgraph|claude-code|gemini-cli|codex|command)(?:[:@]|$)");

    private static final Duration GOODBYE = Duration.ofSeconds(5);
    private static final Duration CHECK_PACE = Duration.ofSeconds(15);

    private final World world;
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build();

    Boots(World world) {
        this.world = world;
    }

    void boot(Machine machine, Consumer<Runner.Exit> ended) throws IOException {
        var boot = world.asked(() -> plan(machine));
        if (world.faults().imageMissing(boot.image())) {
            throw new IOException("failed to pull image " + boot.image() + ": not found");
        }
        world.runner().boot(boot, ended);
    }

    private Runner.Boot plan(Machine machine) {
        var config = machine.config;
        var process = config.path("processes").path(0);
        var environment = new HashMap<String, String>();
        // What the image says itself: which engine of our agent it is for, and what that may use there.
        var ours = OURS.matcher(config.path("image").asText());
        if (ours.find()) {
            environment.putAll(
                    Map.of("RUNTIME", ours.group(1), "AGENT_TOOLS", "files,shell,mcp", "WORKSPACE_DIR", "/workspace"));
        }
        if (!process.path("ignore_app_secrets").asBoolean()) {
            environment.putAll(machine.app.secrets);
        }
        config.path("env")
                .properties()
                .forEach(one -> environment.put(one.getKey(), one.getValue().asText()));
        process.path("env")
                .properties()
                .forEach(one -> environment.put(one.getKey(), one.getValue().asText()));
        for (var secret : process.path("secrets")) {
            var variable = secret.path("env_var").asText();
            var value = machine.app.secrets.get(secret.path("name").asText(variable));
            if (value != null) {
                environment.put(variable, value);
            }
        }
        environment.putAll(Map.of(
                "FLY_APP_NAME", machine.app.name,
                "FLY_MACHINE_ID", machine.id,
                "FLY_ALLOC_ID", machine.id,
                "FLY_REGION", machine.region,
                "PRIMARY_REGION", machine.region,
                "FLY_PRIVATE_IP", machine.address,
                "FLY_MACHINE_VERSION", machine.instance,
                "FLY_VM_MEMORY_MB", String.valueOf(machine.memoryMegabytes()),
                "FLY_IMAGE_REF", config.path("image").asText()));
        var command = texts(
                process.has("exec") ? process.path("exec") : config.path("init").path("exec"));
        var volumes = new HashMap<String, String>();
        for (var mount : config.path("mounts")) {
            volumes.put(mount.path("path").asText(), mount.path("volume").asText());
        }
        return new Runner.Boot(
                machine.id,
                machine.address,
                config.path("image").asText(),
                command,
                environment,
                files(machine),
                volumes);
    }

    private static List<Runner.Placed> files(Machine machine) {
        var files = new ArrayList<Runner.Placed>();
        for (var file : machine.config.path("files")) {
            var content = file.has("secret_name")
                    ? machine.app.secrets.getOrDefault(file.path("secret_name").asText(), "")
                    : file.path("raw_value").asText();
            files.add(new Runner.Placed(
                    file.path("guest_path").asText(),
                    Base64.getDecoder().decode(content),
                    file.path("mode").asInt(0_644)));
        }
        return files;
    }

    private static List<String> texts(JsonNode array) {
        var texts = new ArrayList<String>();
        array.forEach(one -> texts.add(one.asText()));
        return texts;
    }

    void end(Machine machine, @Nullable String signal, @Nullable Duration patience) {
        JsonNode stop = world.asked(() -> machine.config.path("stop_config").deepCopy());
        world.runner()
                .stop(
                        machine.id,
                        signal != null ? signal : stop.path("signal").asText("SIGINT"),
                        patience != null ? patience : duration(stop.path("timeout"), GOODBYE));
    }

    void bury(Machine machine) {
        world.runner().stop(machine.id, "SIGKILL", GOODBYE);
        world.runner().forget(machine.id);
    }

    /// Looks after the checks of a life of a machine, on a thread of its own. Called under the lock.
    void probe(Machine machine, long life) {
        for (var one : machine.config.path("checks").properties()) {
            var check = one.getValue();
            var real = world.runner().real();
            note(machine, one.getKey(), real ? "warning" : "passing", real ? "not checked yet" : "");
            if (real) {
                Thread.ofVirtual().name("check-" + machine.id).start(() -> probe(machine, life, one.getKey(), check));
            }
        }
    }

    private void probe(Machine machine, long life, String name, JsonNode check) {
        var url = URI.create("http://" + machine.address + ":"
                + check.path("port").asInt() + check.path("path").asText("/"));
        var request = HttpRequest.newBuilder(url)
                .timeout(duration(check.path("timeout"), GOODBYE))
                .build();
        if (!world.pause(duration(check.path("grace_period"), Duration.ZERO))) {
            return;
        }
        while (world.asked(() -> machine.boots == life && machine.state.equals("started"))) {
            var found = ask(request);
            world.locked(() -> {
                if (machine.boots == life && machine.state.equals("started")) {
                    note(machine, name, found.isEmpty() ? "passing" : "critical", found);
                }
            });
            if (!world.pause(duration(check.path("interval"), CHECK_PACE))) {
                return;
            }
        }
    }

    private String ask(HttpRequest request) {
        try {
            var status =
                    client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
            return status / 100 == 2 ? "" : "status " + status;
        } catch (IOException refused) {
            return String.valueOf(refused);
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
            return "stopped";
        }
    }

    private void note(Machine machine, String name, String status, String output) {
        var before = machine.checks.get(name);
        if (before == null || !before.path("status").asText().equals(status)) {
            machine.updatedAt = world.now();
        }
        machine.checks.put(
                name,
                Json.object()
                        .put("name", name)
                        .put("status", status)
                        .put("output", output)
                        .put("updated_at", world.now().toString()));
    }

    /// A duration as Go writes it ("1m30s", "500ms") or as a number of nanoseconds.
    static Duration duration(JsonNode text, Duration standard) {
        if (text.isNumber()) {
            return Duration.ofNanos(text.asLong());
        }
        if (!text.isTextual() || text.asText().isEmpty()) {
            return standard;
        }
        try {
            var word = text.asText();
            return word.endsWith("ms")
                    ? Duration.ofMillis(Long.parseLong(word.substring(0, word.length() - 2)))
                    : Duration.parse("PT" + word);
        } catch (NumberFormatException | java.time.format.DateTimeParseException bad) {
            throw Refusal.invalid("invalid duration \"" + text.asText() + "\"");
        }
    }

    void close() {
        client.close();
    }
}
