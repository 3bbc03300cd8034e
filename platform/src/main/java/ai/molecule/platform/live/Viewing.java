package ai.molecule.platform.live;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One viewer being shown facts, in order, each once.
public final class Viewing implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Viewing.class);

    private final Feed feed;
    private final Viewer viewer;
    private final @Nullable Long since;
    private final Thread thread;
    private volatile long position = Long.MAX_VALUE;
    private volatile boolean closed;
    private long traffic;

    Viewing(Feed feed, Viewer viewer, @Nullable Long since) {
        this.feed = feed;
        this.viewer = viewer;
        this.since = since;
        this.thread = Thread.ofVirtual().name("viewing").unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    /// Cuts a viewer off that has not yet been shown a number.
    void cutIfBehind(long oldest) {
        if (position < oldest) {
            viewer.cut("too slow; come back with since=" + position);
            close();
        }
    }

    /// Ends the viewing; the viewer is gone or no longer wanted.
    @Override
    public void close() {
        closed = true;
        feed.forget(this);
        thread.interrupt();
    }

    private void run() {
        try {
            begin();
            var pinged = System.nanoTime();
            while (!closed && viewer.welcome()) {
                var frames = feed.after(position, traffic, viewer.silence());
                show(frames == null ? feed.older(position) : frames);
                showTraffic();
                if (System.nanoTime() - pinged >= viewer.silence().toNanos()) {
                    viewer.ping();
                    pinged = System.nanoTime();
                }
            }
            if (!closed) {
                viewer.cut("the credential has ended");
            }
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException gone) {
            if (!closed) {
                LOG.debug("A viewer went away", gone);
                viewer.cut("try again");
            }
        } finally {
            feed.forget(this);
        }
    }

    private void begin() {
        if (since != null && feed.canCatchUp(since)) {
            position = since;
            return;
        }
        var snapshot = feed.snapshot(viewer);
        position = snapshot.seq();
        viewer.show(snapshot.text());
    }

    private void showTraffic() {
        var moving = feed.moving();
        if (moving.version() != traffic && viewer.operator()) {
            viewer.show(feed.frame(moving, position));
        }
        traffic = moving.version();
    }

    private void show(List<Frame> frames) {
        for (var frame : frames) {
            if (!viewer.welcome()) {
                return;
            }
            if (frame.workspace() == null ? viewer.operator() : viewer.sees(frame.workspace())) {
                viewer.show(viewer.operator() ? frame.forOperator() : frame.forAgents());
            }
            position = frame.seq();
        }
    }
}
