package ai.molecule.platform.backend.flyio;

import ai.molecule.platform.backend.Size;
import ai.molecule.platform.backend.StartOrder;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigInteger;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// What a machine is made of, out of an order.
final class Recipe {

    private static final int MEMORY_STEP = 256;
    private static final int READABLE = 0_444;
    private static final String CONFIGS = "/configs";
    private static final String WORK = "/workspace";

    private final FlySettings settings;

    Recipe(FlySettings settings) {
        this.settings = settings;
    }

    /// The machine's name, which is unique in the app: so no second one is made for a workspace.
    static String name(WorkspaceId workspace) {
        return "ws-" + workspace;
    }

    /// The name of what lasts; a volume's has at most 30 letters and digits.
    static String volume(WorkspaceId workspace) {
        var number = new BigInteger(workspace.toString().replace("-", ""), 16);
        return "ws_" + number.toString(36);
    }

    /// How the names of a workspace's secrets in the app begin.
    static String secretPrefix(WorkspaceId workspace) {
        return "WS_" + workspace.toString().replace("-", "").toUpperCase(Locale.ROOT) + "_";
    }

    private static String enrolmentName(WorkspaceId workspace) {
        return secretPrefix(workspace) + "ENROLMENT";
    }

    private static String secretName(WorkspaceId workspace, String name) {
        return secretPrefix(workspace) + "S_" + name;
    }

    /// What is to be kept as secrets of the app; none where they are in the configuration.
    Map<String, String> secrets(StartOrder order) {
        var secrets = new LinkedHashMap<String, String>();
        if (settings.secrets() == FlySettings.Secrecy.APP) {
            secrets.put(enrolmentName(order.workspace()), base64(order.enrolment()));
            order.secrets().forEach((name, value) -> secrets.put(secretName(order.workspace(), name), value));
        }
        return secrets;
    }

    /// The machine's configuration.
    ///
    /// @param machine its id, where it has one already
    /// @param volume what lasts; empty for nothing
    ObjectNode config(StartOrder order, String machine, String volume) {
        var config = body(order, machine);
        if (!volume.isEmpty()) {
            config.putArray("mounts").addObject().put("volume", volume).put("path", WORK);
        }
        files(order, config);
        config.putObject("metadata")
                .put(FlyMachine.MARK_PLATFORM, settings.platform().toString())
                .put(FlyMachine.MARK_WORKSPACE, order.workspace().toString())
                .put(FlyMachine.MARK_GENERATION, String.valueOf(order.generation()))
                .put(FlyMachine.MARK_LAUNCH, UUID.randomUUID().toString())
                .put(FlyMachine.MARK_SPEC, print(order));
        return config;
    }

    private ObjectNode body(StartOrder order, String machine) {
        var port = order.runtime().port();
        var config = Json.object().put("image", order.runtime().image());
        config.set("guest", guest(order.size()));
        var environment = config.putObject("env");
        if (settings.secrets() == FlySettings.Secrecy.ENV) {
            new TreeMap<>(order.secrets()).forEach(environment::put);
        }
        environment
                .put("WORKSPACE_ID", order.workspace().toString())
                .put("WORKSPACE_CONFIG_PATH", CONFIGS)
                .put("MOLECULE_SECRETS", String.join(",", new TreeMap<>(order.secrets()).keySet()))
                .put("PLATFORM_URL", order.platformUrl().toString())
                .put("MOLECULE_URL", order.platformUrl().toString())
                .put("HOST", "::")
                .put("PORT", String.valueOf(port));
        if (!machine.isEmpty()) {
            environment.put("AGENT_URL", url(machine, port).toString());
        }
        var process = config.putArray("processes").addObject();
        if (settings.volumeGigabytes() > 0) {
            // A volume comes owned by root.
            process.put("user", "root");
        }
        // Without it a machine gets every secret of the app.
        process.put("ignore_app_secrets", true);
        if (settings.secrets() == FlySettings.Secrecy.APP) {
            var given = process.putArray("secrets");
            new TreeMap<>(order.secrets())
                    .keySet()
                    .forEach(name ->
                            given.addObject().put("env_var", name).put("name", secretName(order.workspace(), name)));
        }
        config.putObject("restart").put("policy", "no");
        config.putObject("stop_config").put("signal", "SIGTERM").put("timeout", "10s");
        config.putObject("checks")
                .putObject("agent")
                .put("type", "http")
                .put("method", "GET")
                .put("path", "/health")
                .put("port", port)
                .put("interval", "15s")
                .put("timeout", "5s")
                .put("grace_period", "20s");
        if (settings.reach() instanceof FlyReach.Public) {
            service(config, port);
        }
        return config;
    }

    /// Fly's proxy hands requests on, and starts or stops nothing by itself: that is the platform's to say.
    private static void service(ObjectNode config, int port) {
        var service = config.putArray("services")
                .addObject()
                .put("protocol", "tcp")
                .put("internal_port", port)
                .put("autostart", false)
                .put("autostop", "off");
        service.putArray("ports")
                .addObject()
                .put("port", 443)
                .putArray("handlers")
                .add("tls")
                .add("http");
    }

    /// The smallest machine of shared processors that a size fits into.
    static ObjectNode guest(Size size) {
        var cpus = Math.max(1, (int) Math.ceil(size.cpus()));
        var memory = Math.ceilDiv(size.memoryMegabytes(), MEMORY_STEP) * MEMORY_STEP;
        return Json.object()
                .put("cpu_kind", "shared")
                .put("cpus", cpus)
                .put("memory_mb", Math.max(memory, MEMORY_STEP * cpus));
    }

    private void files(StartOrder order, ObjectNode config) {
        var file = config.putArray("files").addObject().put("guest_path", CONFIGS + "/.auth_token");
        if (settings.secrets() == FlySettings.Secrecy.APP) {
            file.put("secret_name", enrolmentName(order.workspace()));
        } else {
            file.put("raw_value", base64(order.enrolment()));
        }
        file.put("mode", READABLE);
        for (var configured : new TreeMap<>(order.configuration()).entrySet()) {
            config.withArray("files")
                    .addObject()
                    .put("guest_path", CONFIGS + "/" + configured.getKey())
                    .put("raw_value", base64(configured.getValue()))
                    .put("mode", READABLE);
        }
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    /// How the platform calls a machine.
    URI url(String machine, int port) {
        return settings.reach().address(settings.app(), machine, port);
    }

    /// The same for two orders for which the same machine will do. Nothing of the secrets can be guessed from
    /// it without the token.
    String print(StartOrder order) {
        try {
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(settings.token().getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            mac.update(Json.bytes(body(order, "")));
            mac.update(Json.texts(order.secrets()).getBytes(StandardCharsets.UTF_8));
            mac.update(Json.texts(order.configuration()).getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(mac.doFinal()).substring(0, 32);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("Expected HmacSHA256, which every JDK has", impossible);
        }
    }
}
