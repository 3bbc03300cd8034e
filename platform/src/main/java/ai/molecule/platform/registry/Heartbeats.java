package ai.molecule.platform.registry;

import ai.molecule.platform.access.Access;
import ai.molecule.platform.access.Caller;
import ai.molecule.platform.journal.Event;
import ai.molecule.platform.journal.Journal;
import ai.molecule.platform.store.Database;
import ai.molecule.platform.workspace.Lives;
import ai.molecule.protocol.Heartbeat;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.WorkspaceId;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/// Hears heartbeats. A beat is soft: the latest of each agent waits in memory, and [#flush] writes all of them
/// with one statement.
///
/// What is lost with the process is at most one flush's worth of beats, which the agents send again within 30
/// seconds.
public final class Heartbeats {

    private final PresenceStore store;
    private final Lives lives;
    private final Journal journal;
    private final Access access;
    private final Database database;
    private final InstantSource clock;
    private final Map<WorkspaceId, Beat> waiting = new ConcurrentHashMap<>();

    public Heartbeats(Lives lives, Journal journal, Access access, Database database, InstantSource clock) {
        this.store = new PresenceStore(database);
        this.lives = lives;
        this.journal = journal;
        this.access = access;
        this.database = database;
        this.clock = clock;
    }

    /// A heartbeat and when it was heard.
    record Beat(Heartbeat heartbeat, Instant at) {}

    /// Takes a beat; touches no database.
    ///
    /// @throws Refusal `forbidden` when somebody else's credential is shown, `superseded` when an older epoch
    /// speaks
    public void hear(Caller caller, Heartbeat heartbeat) {
        switch (caller) {
            case Caller.Admin _ -> {}
            case Caller.Enrolled _ ->
                throw new Refusal(
                        Refusal.Reason.FORBIDDEN, "Expected an agent's token, but found an enrolment; register first");
            case Caller.Agent(var workspace, var epoch) -> {
                if (!workspace.equals(heartbeat.workspaceId())) {
                    throw new Refusal(
                            Refusal.Reason.FORBIDDEN, "Expected the token of workspace " + heartbeat.workspaceId());
                }
                checkEpoch(heartbeat, epoch);
            }
        }
        waiting.put(heartbeat.workspaceId(), new Beat(heartbeat, clock.instant()));
    }

    private void checkEpoch(Heartbeat heartbeat, long known) {
        var claimed = heartbeat.epoch();
        if (claimed == null || claimed == known) {
            return;
        }
        if (claimed < known) {
            throw new Refusal(
                    Refusal.Reason.SUPERSEDED,
                    "Expected epoch " + known + ", but found " + claimed + "; a newer agent took its place");
        }
        // What we know is older than what the agent was told, perhaps by another process: look again next time.
        access.forget(heartbeat.workspaceId());
    }

    /// Writes the beats that wait, and what they change in the lives of their workspaces.
    public void flush() {
        var beats = drain();
        if (beats.isEmpty()) {
            return;
        }
        try {
            var before = store.tasks(beats.keySet());
            database.inTransaction(() -> {
                store.write(beats);
                return true;
            });
            database.inTransaction(() -> {
                tellTasks(beats, before);
                return true;
            });
            for (var id : store.changed(beats.keySet())) {
                var beat = beats.get(id);
                if (beat != null) {
                    lives.change(
                            id,
                            found -> found.with(found.life()
                                    .beaten(
                                            beat.heartbeat().errorRate(),
                                            beat.heartbeat().wedged(),
                                            beat.heartbeat().sampleError(),
                                            clock.instant())));
                }
            }
        } catch (RuntimeException failed) {
            beats.forEach(waiting::putIfAbsent);
            throw failed;
        }
    }

    private Map<WorkspaceId, Beat> drain() {
        var beats = new HashMap<WorkspaceId, Beat>();
        for (var id : List.copyOf(waiting.keySet())) {
            var beat = waiting.remove(id);
            if (beat != null) {
                beats.put(id, beat);
            }
        }
        return beats;
    }

    private void tellTasks(Map<WorkspaceId, Beat> beats, Map<WorkspaceId, PresenceStore.Tasks> before) {
        List<WorkspaceId> busier = new ArrayList<>();
        beats.forEach((id, beat) -> {
            var now = new PresenceStore.Tasks(
                    beat.heartbeat().activeTasks(), beat.heartbeat().currentTask());
            if (!now.equals(before.getOrDefault(id, PresenceStore.Tasks.NONE))) {
                busier.add(id);
            }
        });
        for (var id : store.existing(busier)) {
            var heartbeat = Objects.requireNonNull(beats.get(id)).heartbeat();
            var changes = Json.object()
                    .put("active_tasks", heartbeat.activeTasks())
                    .put("current_task", heartbeat.currentTask());
            var payload = changes.deepCopy();
            payload.set("changes", changes);
            journal.append(Event.TASK_UPDATED, id, payload);
        }
    }
}
