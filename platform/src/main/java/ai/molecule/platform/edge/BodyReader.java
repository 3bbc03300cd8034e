package ai.molecule.platform.edge;

import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import io.helidon.webserver.http.ServerRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;

/// Reads a request's body whole, within a size and a time.
final class BodyReader {

    private static final int PIECE = 16 * 1024;

    private BodyReader() {}

    static byte[] read(ServerRequest request, int max, Duration patience) {
        if (request.headers().contentLength().orElse(0) > max) {
            throw tooLarge(max);
        }
        var deadline = System.nanoTime() + patience.toNanos();
        var all = new ByteArrayOutputStream();
        var piece = new byte[PIECE];
        try (var body = request.content().inputStream()) {
            for (int count = body.read(piece); count >= 0; count = body.read(piece)) {
                all.write(piece, 0, count);
                if (all.size() > max) {
                    throw tooLarge(max);
                }
                if (System.nanoTime() > deadline) {
                    throw tooSlow();
                }
            }
            return all.toByteArray();
        } catch (IOException | java.io.UncheckedIOException | IllegalStateException broken) {
            throw tooSlow();
        }
    }

    private static Refusal tooLarge(int max) {
        return new Refusal(Reason.PAYLOAD_TOO_LARGE, "Expected a body of at most " + max + " bytes");
    }

    private static Refusal tooSlow() {
        return new Refusal(Reason.REQUEST_TIMEOUT, "Expected the whole body, but it did not come in time");
    }
}
