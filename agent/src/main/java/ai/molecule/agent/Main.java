package ai.molecule.agent;

import ai.molecule.agent.uplink.Addresses;
import ai.molecule.agent.uplink.Uplink;
import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.DeliveryMode;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Network;
import ai.molecule.protocol.Registration;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import picocli.CommandLine;

/// The agent as a program: it takes everything from its environment, and stays until it is told to stop or sent
/// away.
public final class Main {

    static final int BAD_SETTINGS = 64;
    static final int CANNOT_LISTEN = 69;
    static final int REFUSED = 77;
    static final int SUPERSEDED = 78;
    static final int REMOVED = 79;

    private static final Duration DRAIN = Duration.ofSeconds(3);

    private Main() {}

    /// Runs the agent.
    public static void main(String[] arguments) throws InterruptedException {
        if (List.of(arguments).contains("--variables")) {
            System.out.println("An agent of Molecule. Without a command it reads these variables:");
            AgentSettings.variables().forEach(line -> System.out.println("  " + line));
            System.out.println("Exit codes: 64 bad settings, 69 cannot listen, 77 refused, 78 superseded, 79 removed.");
            return;
        }
        System.exit(
                arguments.length == 0
                        ? run()
                        : new CommandLine(new Commands())
                                .setExitCodeExceptionMapper(bug -> 1)
                                .setCommandName("molecule agent")
                                .execute(arguments));
    }

    private static int run() throws InterruptedException {
        try {
            var settings = AgentSettings.read(System.getenv());
            var values = new AtomicReference<Map<String, String>>(Map.of());
            var secrets = new AtomicReference<Map<String, String>>(Map.of());
            var where = new Addresses(List.of(settings.platform()));
            var line = new PlatformLine(where);
            var around = new PlatformSurroundings(line, values::get, secrets::get);
            var engine = Engines.of(
                    settings.runtime(),
                    around,
                    Engines.tools(line, around, values::get, settings.state()),
                    Network.of(System.getenv()).client(),
                    settings.state());
            var secret = new InboundSecret();
            var tasks = new Tasks(engine, line::consult);
            var server = open(settings, engine, tasks, secret);
            var url =
                    settings.url().isEmpty() ? "http://" + settings.host() + ":" + server.port() + "/" : settings.url();
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                tasks.drain(DRAIN);
                server.close();
            }));
            if (settings.lifeline()) {
                Thread.ofPlatform().daemon().name("lifeline").start(Main::endWithInput);
            }
            if (settings.ahead()) {
                line.tryOut();
                settings.awaitOrder();
            }
            values.set(settings.values());
            secrets.set(settings.secrets());
            line.use(settings.home().credential());
            var uplink = settings.uplink()
                    ? Optional.of(new Uplink(where, line.client(), line::token, new LocalDesk(new A2aEndpoint(tasks))))
                    : Optional.<Uplink>empty();
            return new Presence(settings.home(), line, tasks, () -> card(engine, url))
                    .run(
                            new Registration(
                                    settings.workspace(),
                                    settings.uplink() ? "" : url,
                                    card(engine, url),
                                    settings.uplink() ? DeliveryMode.UPLINK : null),
                            letIn -> secret.learn(letIn.inboundSecret()),
                            uplink);
        } catch (IllegalArgumentException bad) {
            System.err.println(bad.getMessage());
            return BAD_SETTINGS;
        } catch (IOException failed) {
            System.err.println("The agent cannot start: " + failed);
            return CANNOT_LISTEN;
        }
    }

    private static AgentServer open(AgentSettings settings, Engine engine, Tasks tasks, InboundSecret secret)
            throws IOException {
        var card = Json.bytes(card(engine, settings.url()));
        return AgentServer.open(settings.host(), settings.port(), new A2aEndpoint(tasks), secret, card);
    }

    /// What the agent says of itself; where it is reached is the platform's to say.
    static ObjectNode card(Engine engine, String url) {
        var card = Json.object()
                .put("name", engine.runtime() + " agent")
                .put("description", engine.description())
                .put("version", "0.1.0")
                .put("url", url)
                .put("protocolVersion", "0.3.0")
                .put("preferredTransport", "JSONRPC");
        card.putObject("capabilities").put("streaming", true).put("pushNotifications", false);
        card.putArray("defaultInputModes").add("text/plain");
        card.putArray("defaultOutputModes").add("text/plain");
        var skill = card.putArray("skills").addObject();
        skill.put("id", engine.runtime()).put("name", engine.runtime()).put("description", engine.description());
        skill.putArray("tags").add(engine.runtime());
        for (var known : engine.skills()) {
            var one = card.withArray("skills").addObject();
            one.put("id", known.id()).put("name", known.name()).put("description", known.description());
            known.tags().forEach(one.putArray("tags")::add);
            known.examples().forEach(one.putArray("examples")::add);
        }
        var interfaces = card.putArray("supportedInterfaces");
        for (var version : List.of(A2aVersion.V1_0, A2aVersion.V0_3)) {
            interfaces
                    .addObject()
                    .put("url", url)
                    .put("protocolBinding", "JSONRPC")
                    .put("protocolVersion", version.wire());
        }
        return card;
    }

    /// Our standard input is a pipe from whoever started us; it ends when they do, however that happens.
    private static void endWithInput() {
        try {
            while (System.in.read() >= 0) {
                // Nothing is expected; only the end matters.
            }
        } catch (IOException alsoTheEnd) {
            System.err.println("standard input broke: " + alsoTheEnd);
        }
        System.exit(0);
    }
}
