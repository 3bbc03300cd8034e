package ai.molecule.platform.a2a;

import ai.molecule.platform.ledger.Ledger;
import ai.molecule.platform.workspace.Workspaces;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.WorkspaceId;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Lets agents that have nothing to do stop, and has them started again when a message waits for them.
public final class Sleep {

    private static final Logger LOG = LoggerFactory.getLogger(Sleep.class);

    private final Workspaces workspaces;
    private final Ledger ledger;
    private final Optional<Duration> idle;
    private final InstantSource clock;

    /// @param idle after how long without work an agent is stopped; empty for never
    public Sleep(Workspaces workspaces, Ledger ledger, Optional<Duration> idle, InstantSource clock) {
        this.workspaces = workspaces;
        this.ledger = ledger;
        this.idle = idle;
        this.clock = clock;
    }

    /// Stops an agent until a message comes for it.
    ///
    /// @param force true to stop it although it is at work; its work begins again when it is woken, which is at
    /// once
    /// @throws Refusal `conflict`, with the number of tasks, when it is at work
    public void hibernate(WorkspaceId id, boolean force) {
        workspaces.require(id);
        var active =
                Math.max(ledger.running(id), workspaces.sight(id).presence().activeTasks());
        if (active > 0 && !force) {
            throw new Refusal(
                    Refusal.Reason.CONFLICT,
                    "Expected a workspace without work, but it is at " + active + " tasks",
                    new Workspaces.Busy(active));
        }
        workspaces.hibernate(id);
    }

    /// Wakes whom a message waits for.
    public void wake() {
        ledger.sleepersWithMail().forEach(workspaces::wake);
    }

    /// Stops whoever was idle for long enough.
    public void rest() {
        idle.ifPresent(enough -> {
            for (var id : ledger.idleSince(clock.instant().minus(enough))) {
                try {
                    workspaces.hibernate(id);
                } catch (Refusal changed) {
                    LOG.debug("Workspace {} is not idle any more: {}", id, changed.getMessage());
                }
            }
        });
    }
}
