package ai.molecule.platform.admission;

import ai.molecule.platform.store.Database;
import ai.molecule.platform.store.Row;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.WorkspaceId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// The SQL of runs. A run is over when its workspace is removed.
final class RunStore {

    private final Database database;

    RunStore(Database database) {
        this.database = database;
    }

    void insert(WorkspaceId workspace, UUID rule, Visitor visitor, String labels, Instant now) {
        database.update(
                "insert into runs (workspace_id, rule_id, subject, run_key, labels, joined_at) values (?, ?, ?, ?, ?, ?)",
                workspace.value(),
                rule,
                visitor.subject(),
                visitor.key(),
                labels,
                now);
    }

    /// The workspace of a run that is there; one that somebody kept or moved is no run's any more.
    Optional<WorkspaceId> live(UUID rule, Visitor visitor) {
        return database.first(
                """
                select r.workspace_id from runs r join workspaces w on w.id = r.workspace_id and w.status <> 'removed'
                    and w.expires_at is not null and w.backend = 'external'
                where r.rule_id = ? and r.subject = ? and r.run_key = ?
                """, row -> new WorkspaceId(row.uuid("workspace_id")), rule, visitor.subject(), visitor.key());
    }

    int countLive(UUID rule) {
        return database.query("""
                        select count(*) as n from runs r join workspaces w on w.id = r.workspace_id and w.status <> 'removed'
                        where r.rule_id = ?
                        """, row -> row.count("n"), rule).getFirst();
    }

    /// Keeps what a run says of itself; nothing where the workspace is no run's.
    void report(WorkspaceId workspace, Run.Report report) {
        database.update(
                "update runs set result = ?, exit_code = ?, summary = ? where workspace_id = ?",
                report.result(),
                report.exitCode(),
                report.summary(),
                workspace.value());
    }

    /// The runs of a rule, the newest first.
    List<Run> of(UUID rule, int limit) {
        return database.query("""
                select r.*, w.name, w.status, w.status_since, w.status_reason
                from runs r join workspaces w on w.id = r.workspace_id
                where r.rule_id = ? order by r.joined_at desc, r.workspace_id limit ?
                """, RunStore::run, rule, limit);
    }

    private static Run run(Row row) {
        var over = row.text("status").equals("removed");
        return new Run(
                new WorkspaceId(row.uuid("workspace_id")),
                row.text("name"),
                row.text("subject"),
                row.text("run_key"),
                Json.trusted(row.text("labels")),
                row.instant("joined_at"),
                row.text("status"),
                new Run.Report(row.text("result"), row.numberOrNull("exit_code"), row.text("summary")),
                over ? new Run.Outcome(row.instant("status_since"), row.text("status_reason")) : null);
    }
}
