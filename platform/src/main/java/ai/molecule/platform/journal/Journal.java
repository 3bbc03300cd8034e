package ai.molecule.platform.journal;

import ai.molecule.platform.store.Database;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Appends facts and reads them back. Durable; a number that was read once never changes its meaning.
///
/// Append last in a transaction: from then until its commit every other appender waits.
public final class Journal {

    /// The channel on which a commit with facts is announced.
    public static final String CHANNEL = "journal";

    private final JournalStore store;
    private final InstantSource clock;

    public Journal(Database database, InstantSource clock) {
        this.store = new JournalStore(database);
        this.clock = clock;
    }

    /// Appends a fact in the transaction that is open.
    ///
    /// @return its number
    public long append(Event event, @Nullable WorkspaceId workspace, JsonNode payload) {
        return store.append(clock.instant(), workspace, event, Json.text(payload));
    }

    /// The number of the last fact, 0 before the first.
    public long last() {
        return store.last();
    }

    /// The facts after a number, oldest first, at most `limit` of them.
    public List<Fact> after(long seq, int limit) {
        return store.after(seq, limit);
    }

    /// The last facts about a workspace, newest first.
    public List<Fact> about(WorkspaceId workspace, int limit) {
        return store.about(workspace, limit);
    }

    /// Checks the hash chain.
    ///
    /// @return the number of the first fact that does not fit, or 0 when all do
    public long firstBroken() {
        return store.firstBroken();
    }
}
