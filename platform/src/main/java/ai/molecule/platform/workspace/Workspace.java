package ai.molecule.platform.workspace;

import ai.molecule.protocol.WorkspaceId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// A role in the organisation. It outlives the agents that do its work and the machines they run on.
///
/// @param generation counts the starts that were wanted of its agent
/// @param version counts the changes of its row; a change of an older version is lost
/// @param expiresAt when an ephemeral one is removed; null for one that stays
public record Workspace(
        WorkspaceId id,
        Profile profile,
        Place place,
        Guest guest,
        Whereabouts whereabouts,
        Life life,
        long generation,
        long version,
        Instant createdAt,
        @Nullable Instant expiresAt) {

    Workspace with(Profile next) {
        return new Workspace(id, next, place, guest, whereabouts, life, generation, version, createdAt, expiresAt);
    }

    Workspace with(Place next) {
        return new Workspace(id, profile, next, guest, whereabouts, life, generation, version, createdAt, expiresAt);
    }

    /// The workspace with another agent.
    public Workspace with(Guest next) {
        return new Workspace(id, profile, place, next, whereabouts, life, generation, version, createdAt, expiresAt);
    }

    Workspace with(Whereabouts next) {
        return new Workspace(id, profile, place, guest, next, life, generation, version, createdAt, expiresAt);
    }

    /// The workspace in another state.
    public Workspace with(Life next) {
        return new Workspace(id, profile, place, guest, whereabouts, next, generation, version, createdAt, expiresAt);
    }

    /// The workspace with another end, or none.
    Workspace until(@Nullable Instant end) {
        return new Workspace(id, profile, place, guest, whereabouts, life, generation, version, createdAt, end);
    }

    /// The workspace with one more start wanted of its agent.
    Workspace nextGeneration() {
        return new Workspace(
                id, profile, place, guest, whereabouts, life, generation + 1, version, createdAt, expiresAt);
    }
}
