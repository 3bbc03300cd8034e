package ai.molecule.platform.edge;

import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import io.helidon.webserver.http.ServerRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// Reads a request's body whole, within a size and a time.
///
/// The server has no read timeout of its own; so a watch answers a sender that stalls and then interrupts the
/// read, which closes the connection.
final class BodyReader {

    private static final int PIECE = 16 * 1024;
    private static final ScheduledThreadPoolExecutor WATCH = watch();

    private BodyReader() {}

    private static ScheduledThreadPoolExecutor watch() {
        var watch = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().daemon().name("body-watch").factory());
        watch.setRemoveOnCancelPolicy(true);
        return watch;
    }

    /// What was read of a body that is too large, for whoever wants to answer in the sender's own terms.
    record Beginning(byte[] bytes) {}

    static byte[] read(ServerRequest request, int max, Duration patience, Runnable tooSlow) {
        var announced = request.headers().contentLength().orElse(0);
        var reader = Thread.currentThread();
        var end = WATCH.schedule(
                () -> {
                    tooSlow.run();
                    reader.interrupt();
                },
                patience.toNanos(),
                TimeUnit.NANOSECONDS);
        var all = new ByteArrayOutputStream();
        var piece = new byte[PIECE];
        try (var body = request.content().inputStream()) {
            for (int count = body.read(piece); count >= 0; count = body.read(piece)) {
                all.write(piece, 0, count);
                if (announced > max || all.size() > max) {
                    throw tooLarge(max, all.toByteArray());
                }
            }
            return all.toByteArray();
        } catch (IOException | UncheckedIOException | IllegalStateException broken) {
            throw tooSlow();
        } finally {
            end.cancel(false);
        }
    }

    private static Refusal tooLarge(int max, byte[] read) {
        return new Refusal(
                Reason.PAYLOAD_TOO_LARGE,
                "Expected a body of at most " + max + " bytes",
                new Beginning(Arrays.copyOf(read, Math.min(read.length, PIECE))));
    }

    static Refusal tooSlow() {
        return new Refusal(Reason.REQUEST_TIMEOUT, "Expected the whole body, but it did not come in time");
    }
}
