package ai.molecule.platform.edge;

import ai.molecule.platform.uplink.Transport;
import ai.molecule.platform.uplink.Uplink;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.UplinkFrame;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A call over an uplink that ends here, answered over HTTP as the agent itself would: whole, or as server-sent
/// events.
final class UplinkRelay implements Uplink.Answering, Answer.Writer {

    private static final Duration KEEP_ALIVE = Duration.ofSeconds(15);

    private final BlockingQueue<Said> waiting = new LinkedBlockingQueue<>();
    private volatile Uplink.@Nullable Calling calling;

    private sealed interface Said {
        record Whole(int status, JsonNode body) implements Said {}

        record Begin() implements Said {}

        record Event(JsonNode body) implements Said {}

        record End() implements Said {}

        record Failed(int status, String message) implements Said {}
    }

    private UplinkRelay() {}

    static UplinkRelay call(Uplink uplink, Map<String, String> headers, ObjectNode request) {
        var relay = new UplinkRelay();
        try {
            relay.calling = uplink.call(headers, request, relay);
            return relay;
        } catch (Transport.BrokenException broken) {
            throw new Refusal(Reason.UNAVAILABLE, "Expected an uplink, but it broke: " + broken.getMessage());
        }
    }

    @Override
    public void whole(int status, JsonNode body) {
        waiting.add(new Said.Whole(status, body));
    }

    @Override
    public void begin() {
        waiting.add(new Said.Begin());
    }

    @Override
    public void event(JsonNode body) {
        waiting.add(new Said.Event(body));
    }

    @Override
    public void end() {
        waiting.add(new Said.End());
    }

    @Override
    public void failed(int status, String message) {
        waiting.add(new Said.Failed(status, message));
    }

    @Override
    public void write(ServerResponse response) {
        try {
            switch (waiting.take()) {
                case Said.Whole(var status, var body) -> send(response, status, body);
                case Said.Failed(var status, var message) ->
                    send(response, status == 0 ? 504 : status, Json.object().put("error", message));
                case Said.Event(var body) -> stream(response, body);
                case Said.Begin() -> stream(response, null);
                case Said.End() -> stream(response, null);
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            drop();
        } catch (IOException | UncheckedIOException gone) {
            drop();
            throw new UncheckedIOException(new IOException("the caller went away", gone));
        }
    }

    private void drop() {
        var open = calling;
        if (open != null) {
            open.drop();
        }
    }

    private static void send(ServerResponse response, int status, JsonNode body) {
        response.header("Content-Type", "application/json")
                .status(Status.create(status))
                .send(Json.bytes(body));
    }

    private void stream(ServerResponse response, @Nullable JsonNode first) throws IOException, InterruptedException {
        response.status(Status.OK_200).header("Content-Type", "text/event-stream");
        var events = 0;
        try (var out = response.outputStream()) {
            if (first != null) {
                send(out, first);
            }
            while (true) {
                switch (waiting.poll(KEEP_ALIVE.toNanos(), TimeUnit.NANOSECONDS)) {
                    case null -> {
                        out.write(": keep-alive\n\n".getBytes(StandardCharsets.US_ASCII));
                        out.flush();
                    }
                    case Said.Event(var body) -> {
                        send(out, body);
                        if (++events % (UplinkFrame.CREDIT / 2) == 0) {
                            more();
                        }
                    }
                    case Said.Begin() -> {}
                    case Said.Failed(var _, var message) -> throw new IOException(message);
                    case Said.End() -> {
                        return;
                    }
                    case Said.Whole(var _, var body) -> {
                        send(out, body);
                        return;
                    }
                }
            }
        }
    }

    private void more() {
        var open = calling;
        if (open != null) {
            open.more(UplinkFrame.CREDIT / 2);
        }
    }

    private static void send(OutputStream out, JsonNode event) throws IOException {
        out.write(("data: " + Json.text(event) + "\n\n").getBytes(StandardCharsets.UTF_8));
        out.flush();
    }
}
