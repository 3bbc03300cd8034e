package ai.molecule.platform.a2a;

import ai.molecule.platform.store.Database;
import ai.molecule.platform.store.Row;
import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.WorkspaceId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.UUID;

/// The SQL of push notifications.
final class PushStore {

    private static final Duration LEASE = Duration.ofMinutes(1);

    private final Database database;

    PushStore(Database database) {
        this.database = database;
    }

    /// Writes a configuration over what had its id before; false when the task has as many as it may.
    boolean put(Push push, int max, Instant now) {
        return database.update(
                        """
                        insert into pushes (task_id, id, version, url, token, scheme, credentials, sent, phase, not_before,
                            leased_until, created_at)
                        select ?, ?, ?, ?, ?, ?, ?, ?, 'active', ?, ?, ?
                        where (select count(*) from pushes where task_id = ? and id <> ?) < ?
                        on conflict (task_id, id) do update set version = excluded.version, url = excluded.url,
                            token = excluded.token, scheme = excluded.scheme, credentials = excluded.credentials,
                            phase = 'active', attempts = 0, not_before = excluded.not_before, problem = ''
                        """,
                        push.task(),
                        push.id(),
                        push.version().wire(),
                        push.url(),
                        push.token(),
                        push.scheme(),
                        push.credentials(),
                        push.sent(),
                        now,
                        now,
                        now,
                        push.task(),
                        push.id(),
                        max)
                == 1;
    }

    List<Push> of(UUID task) {
        return database.query("select * from pushes where task_id = ? order by created_at, id", PushStore::push, task);
    }

    void delete(UUID task, String id) {
        database.update("delete from pushes where task_id = ? and id = ?", task, id);
    }

    /// All of a task, as the operator sees them.
    List<PushLine> shown(UUID task) {
        return database.query(
                "select p.*, t.target from pushes p join tasks t on t.id = p.task_id where t.id = ? order by p.created_at, p.id",
                PushStore::line,
                task);
    }

    /// Those that were given up, latest first.
    List<PushLine> dead(int limit) {
        return database.query(
                "select p.*, t.target from pushes p join tasks t on t.id = p.task_id where p.phase = 'dead'"
                        + " order by p.created_at desc limit ?",
                PushStore::line,
                limit);
    }

    /// Begins a dead one again after the last event that was sent; false when it is not dead.
    boolean revive(UUID task, String id, Instant now) {
        return database.update("""
                        update pushes set phase = 'active', attempts = 0, problem = '', not_before = ?, leased_until = ?
                        where task_id = ? and id = ? and phase = 'dead'
                        """, now, now, task, id) == 1;
    }

    private static PushLine line(Row row) {
        return new PushLine(
                row.uuid("task_id"),
                new WorkspaceId(row.uuid("target")),
                row.text("id"),
                row.text("url"),
                row.text("phase"),
                row.count("attempts"),
                row.text("problem"),
                row.number("sent"),
                row.instant("created_at"));
    }

    /// Leases what has something to send.
    List<Push> due(Instant now, int limit) {
        return database.query("""
                with due as (
                    select p.task_id, p.id from pushes p join tasks t on t.id = p.task_id
                    where p.phase = 'active' and p.sent < t.seq and p.not_before <= ? and p.leased_until <= ?
                    order by p.not_before limit ? for update of p skip locked)
                update pushes p set leased_until = ? from due
                where p.task_id = due.task_id and p.id = due.id returning p.*
                """, PushStore::push, now, now, limit, now.plus(LEASE));
    }

    /// Notes that an event was sent, and goes on holding the push; false when it is another's by now.
    ///
    /// @param before the event that was sent before it
    boolean sent(Push push, long before, long seq, Instant now) {
        return database.update("""
                        update pushes set sent = ?, attempts = 0, problem = '', leased_until = ?
                        where task_id = ? and id = ? and sent = ? and phase = 'active'
                        """, seq, now.plus(LEASE), push.task(), push.id(), before) == 1;
    }

    /// Lets go of a push that has nothing more to send for now, or (`DONE`) for ever.
    void rest(Push push, long sent, Phase phase, Instant now) {
        database.update(
                "update pushes set phase = ?, leased_until = ? where task_id = ? and id = ? and sent = ?",
                phase.wire(),
                now,
                push.task(),
                push.id(),
                sent);
    }

    /// Notes that it failed after an event.
    void failed(Push push, long sent, Phase phase, String problem, Instant again, Instant now) {
        database.update("""
                update pushes set phase = ?, attempts = attempts + 1, problem = ?, not_before = ?, leased_until = ?
                where task_id = ? and id = ? and sent = ?
                """, phase.wire(), problem, again, now, push.task(), push.id(), sent);
    }

    /// What becomes of a configuration.
    enum Phase {
        ACTIVE,
        DONE,
        DEAD;

        String wire() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static Push push(Row row) {
        return new Push(
                row.uuid("task_id"),
                row.text("id"),
                A2aVersion.negotiate(row.text("version")).orElse(A2aVersion.V1_0),
                row.text("url"),
                row.text("token"),
                row.text("scheme"),
                row.text("credentials"),
                row.number("sent"),
                row.count("attempts"));
    }
}
