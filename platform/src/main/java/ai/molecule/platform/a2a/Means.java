package ai.molecule.platform.a2a;

import ai.molecule.platform.ledger.Ledger;
import ai.molecule.platform.ledger.LedgerTask;
import ai.molecule.platform.registry.Routes;
import ai.molecule.protocol.WorkspaceId;
import java.time.InstantSource;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;

/// What it takes to hand something to an agent: the ledger it is written in, the way, and the line.
public record Means(Ledger ledger, Routes routes, AgentLine line, InstantSource clock) {

    /// Gives the names by which a workspace's agent knows its tasks; a name that is none of ours stays as it
    /// is.
    UnaryOperator<String> names(WorkspaceId of) {
        return name -> uuid(name)
                .flatMap(ledger::find)
                .filter(task -> task.target().equals(of) && !task.agentTask().isEmpty())
                .map(LedgerTask::agentTask)
                .orElse(name);
    }

    /// Reads the id of a task of ours.
    static Optional<UUID> uuid(String text) {
        try {
            return text.length() == 36 ? Optional.of(UUID.fromString(text)) : Optional.empty();
        } catch (IllegalArgumentException noId) {
            return Optional.empty();
        }
    }
}
