package ai.molecule.platform.ledger;

import ai.molecule.platform.journal.Event;
import ai.molecule.platform.journal.Journal;
import ai.molecule.platform.ledger.ActivityStore.Part;
import ai.molecule.platform.store.Database;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a workspace got, sent and noted, as one list with one cursor: the original's view of the ledger.
public final class Activity {

    /// The type of a message that the workspace got.
    public static final String RECEIVED = "a2a_receive";

    /// The type of a message that its agent sent.
    public static final String SENT = "a2a_send";

    /// The type of a delegation that an agent made on its own and recorded.
    public static final String DELEGATION = "delegation";

    private final ActivityStore store;
    private final Journal journal;
    private final Database database;
    private final InstantSource clock;

    public Activity(Database database, Journal journal, InstantSource clock) {
        this.store = new ActivityStore(database);
        this.journal = journal;
        this.database = database;
        this.clock = clock;
    }

    /// Who the sources of rows are.
    public enum Sources {
        ALL,
        OPERATOR,
        AGENTS
    }

    /// What is asked of the list.
    ///
    /// @param type empty for any
    /// @param after rows after this place
    /// @param since rows from this time on
    /// @param before rows before this time
    /// @param peer rows from or to this workspace; null for any
    /// @param inbox true for the agent itself, which does not want to hear what it said
    public record Query(
            WorkspaceId workspace,
            String type,
            Sources sources,
            long after,
            Instant since,
            Instant before,
            @Nullable WorkspaceId peer,
            boolean oldestFirst,
            boolean inbox,
            int limit) {}

    /// Reads the list; fewer rows than asked for where they are large.
    public List<ActivityRow> list(Query query) {
        var parts = new ArrayList<Part>();
        if (query.type().isEmpty() || query.type().equals(RECEIVED)) {
            parts.add(store.received(query));
        }
        if (!query.inbox() && (query.type().isEmpty() || query.type().equals(SENT))) {
            parts.add(store.sent(query));
        }
        parts.add(store.notes(query));
        var ascending = Comparator.comparingLong(ActivityRow::seq);
        var order = query.oldestFirst() ? ascending : ascending.reversed();
        // Where one kind has more than was read, nothing beyond its last row may be shown: the next page begins
        // there.
        var end = parts.stream()
                .filter(part -> !part.complete())
                .map(part -> part.rows().getLast())
                .min(order);
        return parts.stream()
                .flatMap(part -> part.rows().stream())
                .filter(row -> end.isEmpty() || order.compare(row, end.get()) <= 0)
                .sorted(order)
                .limit(query.limit())
                .toList();
    }

    /// True when there is a row of the workspace's at this place.
    public boolean knows(WorkspaceId workspace, long seq) {
        return store.knows(workspace, seq);
    }

    /// Up to where the workspace's agent has read.
    public long read(WorkspaceId workspace) {
        return store.read(workspace);
    }

    /// The agent has read up to this place; going back is not possible.
    public void read(WorkspaceId workspace, long seq) {
        store.read(workspace, seq);
    }

    /// Takes a note, unless one of its key is there already.
    public void note(Note note) {
        store.note(note, clock.instant());
    }

    /// Takes a note of what an agent tells people, and tells whoever watches.
    ///
    /// @param payload gets the note's place as `activity_seq`
    public void tell(Note note, ObjectNode payload) {
        database.inTransaction(() -> {
            store.note(note, clock.instant()).ifPresent(seq -> payload.put("activity_seq", seq));
            return journal.append(Event.AGENT_MESSAGE, note.workspace(), payload);
        });
    }

    /// Changes a note of a key; false when there is none.
    public boolean change(WorkspaceId workspace, String key, String status, String problem, String response) {
        return store.change(
                workspace, key, status, problem, Json.text(Json.object().put("text", response)));
    }

    /// The delegations that an agent recorded, latest first.
    public List<ActivityRow> recorded(WorkspaceId workspace, int limit) {
        return store.recorded(workspace, limit);
    }
}
