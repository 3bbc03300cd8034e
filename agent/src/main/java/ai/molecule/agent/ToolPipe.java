package ai.molecule.agent;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// A workspace's tools over standard input and output, for programs that start their MCP servers themselves
/// (Model Context Protocol 2025-11-25, transports: stdio). Each line is a message; what comes of it is the
/// platform's to say.
final class ToolPipe {

    private static final int NO_ANSWER = -32000;
    private static final int PARSE_ERROR = -32700;

    private final PlatformLine line;
    private final PrintStream out;

    ToolPipe(PlatformLine line, PrintStream out) {
        this.line = line;
        this.out = out;
    }

    /// Serves until the input ends, and what was asked is answered.
    void serve(BufferedReader in) throws IOException {
        try (var calls = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var message = in.readLine(); message != null; message = in.readLine()) {
                if (!message.isBlank()) {
                    begin(message, calls);
                }
            }
        }
    }

    /// A call that takes long keeps no other one from being answered.
    private void begin(String message, ExecutorService calls) {
        try {
            var call = Json.read(message);
            calls.execute(() -> answer(call).ifPresent(this::write));
        } catch (Json.MalformedException bad) {
            write(error(Json.nothing(), PARSE_ERROR, "Expected a JSON-RPC message on each line"));
        }
    }

    private Optional<JsonNode> answer(JsonNode call) {
        try {
            return line.pass(call, "");
        } catch (IOException unreachable) {
            return call.has("id")
                    ? Optional.of(error(call.path("id"), NO_ANSWER, String.valueOf(unreachable.getMessage())))
                    : Optional.empty();
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    private static JsonNode error(JsonNode id, int code, String message) {
        var error = Json.object().put("jsonrpc", "2.0");
        error.set("id", id);
        error.putObject("error").put("code", code).put("message", message);
        return error;
    }

    private void write(JsonNode message) {
        synchronized (out) {
            out.println(Json.text(message));
            out.flush();
        }
    }
}
