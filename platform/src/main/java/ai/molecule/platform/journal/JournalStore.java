package ai.molecule.platform.journal;

import ai.molecule.platform.store.Database;
import ai.molecule.platform.store.Row;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.WorkspaceId;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The journal's SQL.
final class JournalStore {

    private final Database database;

    JournalStore(Database database) {
        this.database = database;
    }

    long append(Instant at, @Nullable WorkspaceId workspace, Event event, String payload) {
        return database.query(
                        "select journal_append(?, ?, ?, ?) as seq",
                        row -> row.number("seq"),
                        at,
                        workspace == null ? null : workspace.value(),
                        event.name(),
                        payload)
                .getFirst();
    }

    long last() {
        return database.query("select seq from journal_head", row -> row.number("seq"))
                .getFirst();
    }

    List<Fact> after(long seq, int limit) {
        return database.query("""
                select seq, at, workspace_id, event, payload from journal
                where seq > ? order by seq limit ?
                """, JournalStore::fact, seq, limit);
    }

    List<Fact> about(WorkspaceId workspace, int limit) {
        return database.query("""
                select seq, at, workspace_id, event, payload from journal
                where workspace_id = ? order by seq desc limit ?
                """, JournalStore::fact, workspace.value(), limit);
    }

    long firstBroken() {
        return database.query("""
                        select coalesce(min(seq), 0) as seq from (
                            select seq, hash, sha256(lag(hash, 1, sha256('')) over (order by seq) || convert_to(concat_ws('|',
                                seq, (extract(epoch from at) * 1000000)::bigint, workspace_id, event, payload), 'UTF8')) as expected
                            from journal) chain
                        where hash <> expected
                        """, row -> row.number("seq")).getFirst();
    }

    private static Fact fact(Row row) {
        var workspace = row.uuidOrNull("workspace_id");
        return new Fact(
                row.number("seq"),
                row.instant("at"),
                workspace == null ? null : new WorkspaceId(workspace),
                Event.valueOf(row.text("event")),
                Json.trusted(row.text("payload")));
    }
}
