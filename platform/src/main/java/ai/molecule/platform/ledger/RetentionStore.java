package ai.molecule.platform.ledger;

import ai.molecule.platform.store.Database;
import java.time.Instant;

/// The SQL that removes.
final class RetentionStore {

    private final Database database;

    RetentionStore(Database database) {
        this.database = database;
    }

    /// Removes some of the tasks that ended before a time, with all that belongs to them; says how many.
    int removeEnded(Instant before, int limit) {
        return database.update("""
                with old as (
                    select t.id from tasks t where task_ended(t.state) and t.state_at < ?
                        and not exists (select from deliveries d where d.task_id = t.id and d.phase in ('queued', 'leased'))
                    limit ?),
                events as (delete from task_events e using old where e.task_id = old.id),
                pushed as (delete from pushes p using old where p.task_id = old.id),
                sent as (delete from deliveries d using old where d.task_id = old.id)
                delete from tasks t using old where t.id = old.id
                """, before, limit);
    }

    /// Removes the notes from before a time; says how many.
    int removeNotes(Instant before) {
        return database.update("delete from notes where created_at < ?", before);
    }
}
