package ai.molecule.platform.ledger;

import ai.molecule.platform.TestRooms;
import ai.molecule.platform.workspace.Workspace;
import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Registration;
import ai.molecule.protocol.TaskState;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A ledger over a real database with a few short words for what tests do to it; time is the test's.
final class TestLedger implements AutoCloseable {

    static final MailboxLimits SMALL = new MailboxLimits(5, 10_000, Duration.ofHours(1), Duration.ofSeconds(60), 3);

    final TestRooms rooms = new TestRooms();
    final Ledger ledger;

    TestLedger(MailboxLimits limits) {
        ledger = new Ledger(rooms.database, limits, rooms.clock);
    }

    /// Another process over the same database.
    Ledger another() {
        return new Ledger(rooms.database, SMALL, rooms.clock);
    }

    /// A workspace that nobody was ever heard for.
    Workspace unseen(String name, int slots) {
        return rooms.create(
                Json.object().put("name", name).put("runtime", "external").put("max_concurrent_tasks", slots));
    }

    /// A workspace whose agent is there.
    Workspace online(String name, int slots) {
        var workspace = unseen(name, slots);
        register(workspace);
        return workspace;
    }

    void register(Workspace workspace) {
        var registration = new Registration(workspace.id(), "https://agent.invalid/", Json.object());
        rooms.registry.register(rooms.access.identify(TestRooms.ADMIN_TOKEN), TestRooms.ADMIN_TOKEN, registration);
    }

    Accepted accept(Workspace target, String context, String message) {
        return ledger.accept(submission(target, Owner.OPERATOR, context, message));
    }

    Submission submission(Workspace target, Owner owner, String context, String message) {
        var task = UUID.randomUUID();
        return new Submission(
                task,
                false,
                new Submission.Address(target.id(), owner, context, message, false),
                event(task, TaskState.SUBMITTED),
                "submitted",
                Json.object().put("text", message),
                new Submission.Origin(null, 0, "trace", false, null),
                rooms.clock.instant().plus(ledger.limits().patience()));
    }

    static ObjectNode event(UUID task, TaskState state) {
        var event = Json.object();
        event.putObject("task")
                .put("id", task.toString())
                .putObject("status")
                .put("state", state.wire(A2aVersion.V1_0));
        return event;
    }

    Entry entry(Lease lease, TaskState state, Entry.@Nullable End end) {
        return new Entry(
                lease.task(),
                lease.target(),
                0,
                Entry.Hold.of(lease),
                List.of(event(lease.task(), state)),
                state.wire(A2aVersion.V0_3),
                new Entry.Named("theirs", ""),
                null,
                end);
    }

    /// Writes what must not be refused.
    void write(Entry entry) {
        if (ledger.append(entry).isEmpty()) {
            throw new IllegalStateException("Expected to write " + entry + ", but the lease is lost");
        }
    }

    /// The agent has taken the message.
    void acknowledge(Lease lease) {
        write(entry(lease, TaskState.WORKING, null));
    }

    void complete(Lease lease) {
        write(entry(lease, TaskState.COMPLETED, Entry.End.done()));
    }

    void putBack(Lease lease, Duration pause) {
        var end = new Entry.End("queued", "lost", rooms.clock.instant().plus(pause), 1, true);
        write(entry(lease, TaskState.SUBMITTED, end));
    }

    /// Everything that must hold at any time, whatever happened; each row is a fault.
    List<String> faults() {
        return rooms.database.query("""
                select 'counted wrong: ' || m::text as fault from mailboxes m where
                    queued <> (select count(*) from deliveries d where d.target = m.workspace_id and d.phase = 'queued')
                    or bytes <> (select coalesce(sum(d.bytes), 0) from deliveries d
                        where d.target = m.workspace_id and d.phase = 'queued')
                    or running <> (select count(*) from deliveries d where d.target = m.workspace_id and d.phase = 'leased')
                union all
                select 'more than its slots: ' || m::text from mailboxes m join workspaces w on w.id = m.workspace_id
                    where m.running > w.max_concurrent_tasks
                union all
                select 'two on the way in one context: ' || target || context_id from deliveries
                    where phase = 'leased' and not acknowledged and attempts = 0 group by target, owner, context_id having count(*) > 1
                union all
                select 'overtaken: ' || d.id from deliveries d join deliveries e
                    on e.target = d.target and e.owner = d.owner and e.context_id = d.context_id and e.id > d.id
                    where d.phase = 'queued' and d.lease = 0 and e.lease > 0
                union all
                select 'a gap in the events of ' || task_id from task_events group by task_id having max(seq) <> count(*)
                union all
                select 'last event of ' || t.id from tasks t
                    where t.seq <> (select max(seq) from task_events e where e.task_id = t.id)
                union all
                select 'ended, but on its way: ' || d.id from deliveries d join tasks t on t.id = d.task_id
                    where task_ended(t.state) and d.phase = 'queued'
                """, row -> row.text("fault"));
    }

    @Override
    public void close() {
        ledger.close();
        rooms.close();
    }
}
