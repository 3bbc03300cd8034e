package ai.molecule.agent.model;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// An answer that is watched while it comes: one that falls silent, or has no end, is broken off.
final class Watched extends FilterInputStream {

    /// How an answer may come.
    ///
    /// @param silence how long nothing may come
    /// @param whole how long all of it may take
    /// @param bytes how large it may be
    record Bounds(Duration silence, Duration whole, long bytes) {
        static final Bounds USUAL = new Bounds(Duration.ofMinutes(3), Duration.ofMinutes(30), 64L * 1024 * 1024);
    }

    private final Bounds bounds;
    private final Thread watch;
    private final long began = System.nanoTime();
    private volatile long heardAt = began;
    private volatile @Nullable String broken;
    private long bytes;

    Watched(InputStream in, Bounds bounds) {
        super(in);
        this.bounds = bounds;
        this.watch = Thread.ofVirtual().name("model-watch").start(this::watch);
    }

    private void watch() {
        try {
            while (broken == null) {
                var now = System.nanoTime();
                var left = Math.min(
                        bounds.silence().toNanos() - (now - heardAt),
                        bounds.whole().toNanos() - (now - began));
                if (left <= 0) {
                    broken = now - heardAt >= bounds.silence().toNanos()
                            ? "the model said nothing for " + bounds.silence().toSeconds() + " s"
                            : "the model's answer took longer than "
                                    + bounds.whole().toMinutes() + " min";
                    in.close();
                } else {
                    Thread.sleep(Duration.ofNanos(left));
                }
            }
        } catch (InterruptedException over) {
            Thread.currentThread().interrupt();
        } catch (IOException alreadyGone) {
            broken = "the connection broke: " + alreadyGone.getMessage();
        }
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        try {
            var count = in.read(into, offset, length);
            heardAt = System.nanoTime();
            bytes += Math.max(0, count);
            if (bytes > bounds.bytes()) {
                throw new IOException("the model's answer has more than " + bounds.bytes() + " bytes");
            }
            check(null);
            return count;
        } catch (IOException failed) {
            check(failed);
            throw failed;
        }
    }

    private void check(@Nullable IOException failed) throws IOException {
        var why = broken;
        if (why != null) {
            throw new IOException(why, failed);
        }
    }

    @Override
    public void close() throws IOException {
        watch.interrupt();
        super.close();
    }
}
