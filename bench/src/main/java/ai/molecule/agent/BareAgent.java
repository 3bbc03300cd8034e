package ai.molecule.agent;

import ai.molecule.agent.echo.EchoEngine;
import java.io.IOException;

/// An echo agent that is told its secret instead of registering, so that a load program can call it directly
/// and through the platform.
public final class BareAgent {

    private BareAgent() {}

    /// Serves until it is killed.
    ///
    /// @param arguments the port and the secret
    public static void main(String[] arguments) throws IOException, InterruptedException {
        var secret = new InboundSecret();
        secret.learn(arguments[1]);
        var tasks = new Tasks(new EchoEngine(name -> null), (peer, text, traceparent) -> text);
        try (var server = AgentServer.open(
                "127.0.0.1", Integer.parseInt(arguments[0]), new A2aEndpoint(tasks), secret, new byte[0])) {
            System.out.println("listening on " + server.port());
            Thread.currentThread().join();
        }
    }
}
