package ai.molecule.platform.memory;

import ai.molecule.platform.store.Database;
import ai.molecule.platform.store.Row;
import ai.molecule.platform.store.SqlArray;
import ai.molecule.protocol.WorkspaceId;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/// The SQL of memories.
final class MemoryStore {

    private static final String COLUMNS =
            "m.id, m.workspace_id, w.name as workspace_name, m.scope, m.namespace, m.content, m.written_by, m.task_id, m.created_at";

    /// What a workspace sees, of a scope and a namespace or of all of them. Takes the workspace twice, then scope
    /// and namespace twice each.
    private static final String SEEN = """
             from memories m join workspaces w on w.id = m.workspace_id
            where (m.scope = 'GLOBAL' or (m.scope = 'LOCAL' and m.workspace_id = ?)
                    or (m.scope = 'TEAM' and m.workspace_id = any (array(select team_of(?)))))
                and (? = '' or m.scope = ?) and (? = '' or m.namespace = ?)
            """;

    private final Database database;

    MemoryStore(Database database) {
        this.database = database;
    }

    /// What is looked at.
    ///
    /// @param scope empty for any
    /// @param namespace empty for any
    record View(WorkspaceId workspace, String scope, String namespace) {
        private Object[] with(Object... more) {
            return Stream.concat(
                            Stream.of(workspace.value(), workspace.value(), scope, scope, namespace, namespace),
                            Arrays.stream(more))
                    .toArray();
        }
    }

    /// Keeps one; false when it is known already, or its workspace remembers as much as it may.
    boolean insert(Memory memory, int max) {
        return database.update(
                        """
                        insert into memories (id, workspace_id, scope, namespace, content, written_by, task_id, created_at)
                        select ?, ?, ?, ?, ?, ?, ?, ? where (select count(*) from memories where workspace_id = ?) < ?
                        on conflict do nothing
                        """,
                        memory.id(),
                        memory.workspace().value(),
                        memory.scope().name(),
                        memory.namespace(),
                        memory.content(),
                        memory.writtenBy(),
                        memory.task(),
                        memory.createdAt(),
                        memory.workspace().value(),
                        max)
                == 1;
    }

    /// The same, remembered before.
    Optional<Memory> same(Memory memory) {
        return database.first(
                "select " + COLUMNS + " from memories m join workspaces w on w.id = m.workspace_id"
                        + " where m.workspace_id = ? and m.scope = ? and m.namespace = ? and md5(m.content) = md5(?)",
                MemoryStore::memory,
                memory.workspace().value(),
                memory.scope().name(),
                memory.namespace(),
                memory.content());
    }

    /// Forgets one that a workspace wrote; empty when it wrote none of this id.
    Optional<Memory> delete(WorkspaceId workspace, UUID id) {
        return database.first(
                "with m as (delete from memories where workspace_id = ? and id = ? returning *) select " + COLUMNS
                        + " from m join workspaces w on w.id = m.workspace_id",
                MemoryStore::memory,
                workspace.value(),
                id);
    }

    /// What is seen, newest first.
    List<Memory> latest(View view, int limit) {
        return database.query(
                "select " + COLUMNS + SEEN + " order by m.created_at desc, m.id limit ?",
                MemoryStore::memory,
                view.with(limit));
    }

    /// What is seen and has these words, best first.
    List<Memory> withWords(View view, String words, int limit) {
        return database.query(
                "select " + COLUMNS + SEEN + """
                         and (m.words @@ websearch_to_tsquery('simple', ?) or strpos(lower(m.content), lower(?)) > 0)
                        order by ts_rank(m.words, websearch_to_tsquery('simple', ?)) desc, m.created_at desc, m.id limit ?
                        """, MemoryStore::memory, view.with(words, words, words, limit));
    }

    /// A memory's meaning.
    record Placed(UUID id, byte[] vector) {}

    /// The meanings of what is seen: what is the workspace's and its team's first, the newest first.
    List<Placed> vectors(View view, int limit) {
        return database.query(
                "select m.id, m.vector" + SEEN
                        + " and m.vector is not null order by m.scope = 'GLOBAL', m.created_at desc limit ?",
                row -> new Placed(row.uuid("id"), row.bytes("vector")),
                view.with(limit));
    }

    List<Memory> all(List<UUID> ids) {
        return database.query(
                "select " + COLUMNS
                        + " from memories m join workspaces w on w.id = m.workspace_id where m.id = any (?)",
                MemoryStore::memory,
                new SqlArray("uuid", ids));
    }

    /// A memory whose meaning is not known yet.
    record Unplaced(UUID id, String content) {}

    List<Unplaced> unplaced(int limit) {
        return database.query(
                "select id, content from memories where vector is null order by created_at limit ?",
                row -> new Unplaced(row.uuid("id"), row.text("content")),
                limit);
    }

    /// The newest of a workspace.
    List<Unplaced> unplaced(WorkspaceId workspace, int limit) {
        return database.query(
                "select id, content from memories where vector is null and workspace_id = ? order by created_at desc limit ?",
                row -> new Unplaced(row.uuid("id"), row.text("content")),
                workspace.value(),
                limit);
    }

    void place(UUID id, byte[] vector) {
        database.update("update memories set vector = ? where id = ?", vector, id);
    }

    /// Forgets what only removed workspaces could see; says how much.
    int removeUnseen() {
        return database.update("""
                delete from memories m using workspaces w
                where w.id = m.workspace_id and w.status = 'removed' and m.scope <> 'GLOBAL'
                """);
    }

    private static Memory memory(Row row) {
        return new Memory(
                row.uuid("id"),
                new WorkspaceId(row.uuid("workspace_id")),
                row.text("workspace_name"),
                Scope.valueOf(row.text("scope")),
                row.text("namespace"),
                row.text("content"),
                row.text("written_by"),
                row.uuidOrNull("task_id"),
                row.instant("created_at"),
                null);
    }
}
