package ai.molecule.platform.ledger;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/// Who watches which task on this process.
///
/// Soft. What this process writes is told at once; what others write is found by [#look], a few times a second.
final class Feeds {

    private final TaskStore store;
    private final Map<UUID, TaskFeed> feeds = new ConcurrentHashMap<>();

    Feeds(TaskStore store) {
        this.store = store;
    }

    /// Begins to watch.
    ///
    /// @param after the last event that is known
    /// @param upToDate true when there can be no later event yet
    Watch watch(UUID task, long after, boolean upToDate) {
        var feed = feeds.compute(task, (id, known) -> {
            var used = known == null ? new TaskFeed() : known;
            used.count(1);
            return used;
        });
        if (upToDate) {
            feed.reach(after);
        }
        return new Watch(this, task, feed, after, upToDate);
    }

    void leave(UUID task, TaskFeed feed) {
        feeds.compute(task, (id, known) -> feed.count(-1) || known != feed ? known : null);
    }

    /// Tells what was just committed.
    void tell(UUID task, List<Numbered> events) {
        var feed = feeds.get(task);
        if (feed != null && !events.isEmpty()) {
            feed.add(events);
        }
    }

    /// Looks for what other processes wrote about the tasks that are watched here.
    void look() {
        if (!feeds.isEmpty()) {
            store.lastEvents(List.copyOf(feeds.keySet())).forEach((task, seq) -> {
                var feed = feeds.get(task);
                if (feed != null) {
                    feed.reach(seq);
                }
            });
        }
    }

    List<Numbered> read(UUID task, long after, int limit) {
        return store.events(task, after, limit);
    }
}
