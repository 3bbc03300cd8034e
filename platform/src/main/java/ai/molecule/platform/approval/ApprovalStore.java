package ai.molecule.platform.approval;

import ai.molecule.platform.approval.Approval.Status;
import ai.molecule.platform.store.Database;
import ai.molecule.platform.store.Row;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The SQL of approvals.
final class ApprovalStore {

    /// Where the context says what its agent calls the task.
    static final String TASK = "task_id";

    private final Database database;

    ApprovalStore(Database database) {
        this.database = database;
    }

    /// Keeps one that is new; false when the same was asked in the same task before, or too many wait.
    boolean insert(Approval approval, int max) {
        return database.update(
                        """
                        insert into approvals (id, workspace_id, task_id, action, reason, context, mark, status, created_at, expires_at)
                        select ?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?
                        where (select count(*) from approvals where workspace_id = ? and status = 'pending') < ?
                        on conflict do nothing
                        """,
                        approval.id(),
                        approval.workspace().value(),
                        approval.task(),
                        approval.action(),
                        approval.reason(),
                        Json.text(approval.context()),
                        mark(approval),
                        approval.createdAt(),
                        approval.expiresAt(),
                        approval.workspace().value(),
                        max)
                == 1;
    }

    /// The same question, asked in the same task before.
    Optional<Approval> same(Approval approval) {
        return database.first(
                """
                select * from approvals where workspace_id = ? and task_id = ? and mark = ?
                    and status in ('pending', 'approved', 'denied')
                """, ApprovalStore::approval, approval.workspace().value(), approval.task(), mark(approval));
    }

    /// What is asked, as one word. What its agent calls the task may be another with each try.
    private static String mark(Approval approval) {
        var context = approval.context().deepCopy();
        if (context instanceof ObjectNode object) {
            object.remove(TASK);
        }
        var asked = Json.array().add(approval.action()).add(approval.reason()).add(context);
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Json.bytes(asked)));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    Optional<Approval> find(WorkspaceId workspace, UUID id) {
        return database.first(
                "select * from approvals where workspace_id = ? and id = ?",
                ApprovalStore::approval,
                workspace.value(),
                id);
    }

    /// The latest of a workspace, newest first.
    List<Approval> of(WorkspaceId workspace, int limit) {
        return database.query(
                "select * from approvals where workspace_id = ? order by created_at desc, id limit ?",
                ApprovalStore::approval,
                workspace.value(),
                limit);
    }

    /// All that wait, the oldest first.
    List<Approval> pending(int limit) {
        return database.query(
                "select * from approvals where status = 'pending' order by created_at, id limit ?",
                ApprovalStore::approval,
                limit);
    }

    /// Decides one that is pending; false when it was not any more.
    boolean decide(UUID id, Status status, String by, Instant now) {
        return database.update(
                        "update approvals set status = ?, decided_by = ?, decided_at = ? where id = ? and status = 'pending'",
                        status.wire(),
                        by,
                        now,
                        id)
                == 1;
    }

    /// Those whose time is over.
    List<Approval> overdue(Instant now, int limit) {
        return database.query(
                "select * from approvals where status = 'pending' and expires_at <= ? order by created_at limit ?",
                ApprovalStore::approval,
                now,
                limit);
    }

    /// Those that nobody needs any more: their task ended or their workspace was removed.
    List<Approval> needless(int limit) {
        return database.query("""
                select a.* from approvals a join workspaces w on w.id = a.workspace_id
                    left join tasks t on t.id = a.task_id
                where a.status = 'pending'
                    and (w.status = 'removed' or task_ended(t.state) or (a.task_id is not null and t.id is null))
                order by a.created_at limit ?
                """, ApprovalStore::approval, limit);
    }

    /// Those that came to something while their task waits for it.
    List<Approval> awaited(int limit) {
        return database.query("""
                select a.* from approvals a join tasks t on t.id = a.task_id
                where a.status <> 'pending' and not a.told and t.state = 'input-required'
                    and not exists (select from budgets b where b.workspace_id = a.workspace_id and b.state = 'stopped')
                order by a.decided_at limit ?
                """, ApprovalStore::approval, limit);
    }

    /// Its own agent has read what became of those of a workspace, or of one of them.
    void read(WorkspaceId workspace, @Nullable UUID only) {
        database.update(
                "update approvals set told = true where workspace_id = ? and status <> 'pending' and not told"
                        + " and (?::uuid is null or id = ?::uuid)",
                workspace.value(),
                only,
                only);
    }

    /// Removes those that came to something before a time.
    int removeDecided(Instant before) {
        return database.update("delete from approvals where told and status <> 'pending' and decided_at < ?", before);
    }

    void told(UUID id) {
        database.update("update approvals set told = true where id = ?", id);
    }

    /// Closes those that came to something and that no task waits for any more.
    void closeUnheard() {
        database.update("""
                update approvals a set told = true where status <> 'pending' and not told
                    and not exists (select from tasks t where t.id = a.task_id and not task_ended(t.state))
                """);
    }

    /// True when a task waits for one, or has yet to hear what came of it.
    boolean holds(UUID task) {
        return database.first(
                        "select true as held from approvals where task_id = ? and not told limit 1",
                        row -> row.flag("held"),
                        task)
                .isPresent();
    }

    private static Approval approval(Row row) {
        return new Approval(
                row.uuid("id"),
                new WorkspaceId(row.uuid("workspace_id")),
                row.uuidOrNull("task_id"),
                row.text("action"),
                row.text("reason"),
                Json.trusted(row.text("context")),
                Status.valueOf(row.text("status").toUpperCase(Locale.ROOT)),
                row.text("decided_by"),
                row.instantOrNull("decided_at"),
                row.instant("created_at"),
                row.instant("expires_at"));
    }
}
