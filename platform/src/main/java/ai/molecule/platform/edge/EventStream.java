package ai.molecule.platform.edge;

import ai.molecule.platform.a2a.Following;
import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/// A followed task as server-sent events (WHATWG HTML, section 9.2): the id of each is its number in the task,
/// so that a caller can go on from it.
final class EventStream implements Answer.Writer {

    private static final byte[] KEEP_ALIVE = ": keep-alive\n\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] END = "\n\n".getBytes(StandardCharsets.US_ASCII);

    private final Following following;
    private final Binding binding;

    /// How a binding writes what goes out.
    interface Binding {
        JsonNode event(ObjectNode event);

        JsonNode error(JsonNode error);
    }

    EventStream(Following following, Binding binding) {
        this.following = following;
        this.binding = binding;
    }

    @Override
    public void write(ServerResponse response) {
        response.status(Status.OK_200)
                .header("Content-Type", "text/event-stream")
                .header("Cache-Control", "no-store")
                .header("X-Accel-Buffering", "no");
        try (following;
                var out = response.outputStream()) {
            following.copyTo(new Writing(out));
        } catch (IOException callerGone) {
            throw new UncheckedIOException(callerGone);
        }
    }

    private final class Writing implements Following.Sink {

        private final OutputStream out;

        Writing(OutputStream out) {
            this.out = out;
        }

        @Override
        public void event(long seq, ObjectNode event) throws IOException {
            send("id: " + seq + "\ndata: ", binding.event(event));
        }

        @Override
        public void error(JsonNode error) throws IOException {
            send("data: ", binding.error(error));
        }

        @Override
        public void silence() throws IOException {
            out.write(KEEP_ALIVE);
            out.flush();
        }

        private void send(String head, JsonNode data) throws IOException {
            out.write(head.getBytes(StandardCharsets.US_ASCII));
            out.write(Json.bytes(data));
            out.write(END);
            out.flush();
        }
    }
}
