package ai.molecule.platform.ledger;

import java.time.Duration;
import java.util.List;
import java.util.UUID;

/// Somebody who watches a task: every event after a number, each once, in order, at its own pace.
public final class Watch implements AutoCloseable {

    private static final int READ_MAX = 200;

    private final Feeds feeds;
    private final UUID task;
    private final TaskFeed feed;
    private long seen;
    private boolean upToDate;

    Watch(Feeds feeds, UUID task, TaskFeed feed, long seen, boolean upToDate) {
        this.feeds = feeds;
        this.task = task;
        this.feed = feed;
        this.seen = seen;
        this.upToDate = upToDate;
    }

    /// The next events, waiting a while for the first; empty when none came.
    public List<Numbered> next(Duration patience) throws InterruptedException {
        if (!upToDate) {
            var missed = read();
            if (!missed.isEmpty()) {
                return missed;
            }
            upToDate = true;
        }
        var events = feed.after(seen, patience);
        if (events == null) {
            return read();
        }
        return seen(events);
    }

    /// The number of the last event that was given.
    public long seen() {
        return seen;
    }

    private List<Numbered> read() {
        return seen(feeds.read(task, seen, READ_MAX));
    }

    private List<Numbered> seen(List<Numbered> events) {
        if (!events.isEmpty()) {
            seen = events.getLast().seq();
        }
        return events;
    }

    @Override
    public void close() {
        feeds.leave(task, feed);
    }
}
