package ai.molecule.platform.a2a;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/// An agent's event stream on its way to one caller: every piece goes on as it comes, and silence is filled with
/// comments.
///
/// Bounded: while the caller is slow, at most a few pieces wait, and then the agent waits. Ending it never touches
/// the
/// agent's task.
public final class EventStream implements AutoCloseable {

    private static final byte[] KEEP_ALIVE = ": keep-alive\n\n".getBytes(java.nio.charset.StandardCharsets.UTF_8);
    private static final byte[] END = new byte[0];
    private static final int PIECE_BYTES_MAX = 16 * 1024;
    private static final int PIECES_WAITING_MAX = 16;

    private final InputStream source;
    private final Duration keepAlive;
    private final Duration idlePatience;
    private final BlockingQueue<byte[]> pieces = new ArrayBlockingQueue<>(PIECES_WAITING_MAX);

    EventStream(InputStream source, Duration keepAlive, Duration idlePatience) {
        this.source = source;
        this.keepAlive = keepAlive;
        this.idlePatience = idlePatience;
    }

    /// Copies until the agent ends the stream, is silent for too long, or the caller is gone.
    ///
    /// @throws IOException when the caller is gone
    public void copyTo(OutputStream caller) throws IOException {
        var reader = Thread.ofVirtual().name("agent-stream").start(this::read);
        try {
            var silence = Duration.ZERO;
            var atBoundary = true;
            while (silence.compareTo(idlePatience) < 0) {
                var piece = pieces.poll(keepAlive.toNanos(), TimeUnit.NANOSECONDS);
                if (piece == null) {
                    silence = silence.plus(keepAlive);
                    if (atBoundary) {
                        caller.write(KEEP_ALIVE);
                        caller.flush();
                    }
                } else if (piece.length == 0) {
                    return;
                } else {
                    silence = Duration.ZERO;
                    caller.write(piece);
                    caller.flush();
                    atBoundary = endsEvent(piece);
                }
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        } finally {
            close();
            reader.interrupt();
        }
    }

    /// Lets go of the agent's end.
    @Override
    public void close() throws IOException {
        source.close();
    }

    private void read() {
        var buffer = new byte[PIECE_BYTES_MAX];
        try {
            for (int count = source.read(buffer); count >= 0; count = source.read(buffer)) {
                if (count > 0) {
                    pieces.put(Arrays.copyOf(buffer, count));
                }
            }
            pieces.put(END);
        } catch (IOException agentGone) {
            offerEnd();
        } catch (InterruptedException callerGone) {
            Thread.currentThread().interrupt();
        }
    }

    private void offerEnd() {
        try {
            pieces.put(END);
        } catch (InterruptedException callerGone) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean endsEvent(byte[] piece) {
        var length = piece.length;
        if (length < 2 || piece[length - 1] != '\n') {
            return false;
        }
        return piece[length - 2] == '\n' || (length >= 4 && piece[length - 2] == '\r' && piece[length - 3] == '\n');
    }
}
