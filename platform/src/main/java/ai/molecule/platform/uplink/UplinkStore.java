package ai.molecule.platform.uplink;

import ai.molecule.platform.store.Database;
import ai.molecule.protocol.WorkspaceId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// The SQL of uplinks.
final class UplinkStore {

    private static final String ORPHANED = "the platform process that held it ended";

    private final Database database;
    private final long holder;

    /// @param holder the number of this process's lock
    UplinkStore(Database database, long holder) {
        this.database = database;
        this.holder = holder;
    }

    /// An uplink as it is kept.
    record Kept(String kind, String peer, boolean open, Instant openedAt, String why) {}

    /// Writes where an uplink ends.
    ///
    /// @return from where another process of the agent is connected elsewhere; then nothing is written
    Optional<String> opened(Uplink uplink, String address, Instant now) {
        var identity = uplink.identity();
        return database.inTransaction(() -> {
            var other = database.first(
                    """
                            select u.peer from uplinks u
                            where u.workspace_id = ? and u.epoch = ? and u.boot <> ? and u.address <> '' and u.holder <> ?
                                and exists (select from pg_locks l where l.locktype = 'advisory' and l.granted
                                    and (l.classid::int8 << 32) + l.objid::int8 = u.holder)
                            for update of u
                            """,
                    row -> row.text("peer"),
                    identity.workspace().value(),
                    identity.epoch(),
                    identity.boot(),
                    holder);
            if (other.isEmpty()) {
                write(uplink, address, now);
            }
            return other;
        });
    }

    private void write(Uplink uplink, String address, Instant now) {
        database.update(
                """
                insert into uplinks (workspace_id, epoch, boot, session, holder, address, kind, peer, opened_at)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?)
                on conflict (workspace_id) do update set epoch = excluded.epoch, boot = excluded.boot, session = excluded.session,
                    holder = excluded.holder, address = excluded.address, kind = excluded.kind, peer = excluded.peer,
                    opened_at = excluded.opened_at, closed_at = null, why = ''
                where uplinks.epoch <= excluded.epoch
                """,
                uplink.identity().workspace().value(),
                uplink.identity().epoch(),
                uplink.identity().boot(),
                uplink.session(),
                holder,
                address,
                uplink.kind(),
                uplink.identity().peer(),
                now);
    }

    void closed(Uplink uplink, Instant heardAt) {
        database.update(
                "update uplinks set address = '', closed_at = ?, why = ? where workspace_id = ? and session = ?",
                heardAt,
                uplink.why(),
                uplink.identity().workspace().value(),
                uplink.session());
    }

    /// Closes those whose process is gone.
    void closeOrphans(Instant now) {
        database.update("""
                update uplinks u set address = '', closed_at = ?, why = ?
                where u.address <> '' and u.holder <> ? and not exists (select from pg_locks l
                    where l.locktype = 'advisory' and l.granted and (l.classid::int8 << 32) + l.objid::int8 = u.holder)
                """, now, ORPHANED, holder);
    }

    /// Those of this process that others closed, because its lock was gone for a moment.
    List<WorkspaceId> closedByOthers() {
        return database.query(
                "select workspace_id from uplinks where holder = ? and address = '' and why = ?",
                row -> new WorkspaceId(row.uuid("workspace_id")),
                holder,
                ORPHANED);
    }

    /// The agents that count as alive, are reached over an uplink, and have had none since.
    List<Lost> lost(Instant since) {
        return database.query("""
                select w.id, coalesce(u.why, '') as why from workspaces w left join uplinks u on u.workspace_id = w.id and u.epoch = w.epoch
                where w.delivery = 'uplink' and w.status in ('online', 'degraded') and coalesce(u.address, '') = ''
                    and greatest(u.closed_at, w.status_since) < ?
                limit 1000
                """, row -> new Lost(new WorkspaceId(row.uuid("id")), row.text("why")), since);
    }

    record Lost(WorkspaceId workspace, String why) {}

    Optional<Kept> find(WorkspaceId workspace) {
        return database.first(
                "select kind, peer, address <> '' as open, opened_at, why from uplinks where workspace_id = ?",
                row -> new Kept(
                        row.text("kind"),
                        row.text("peer"),
                        row.flag("open"),
                        row.instant("opened_at"),
                        row.text("why")),
                workspace.value());
    }
}
