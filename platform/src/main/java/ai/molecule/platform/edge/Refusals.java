package ai.molecule.platform.edge;

import ai.molecule.platform.access.Caller;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.WorkspaceId;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Who wanted to join lately and was refused, so that people see why an agent does not come. Soft: the last hundred of
/// this process.
public final class Refusals {

    private static final int KEPT = 100;

    private final Deque<Noted> last = new ArrayDeque<>();
    private final InstantSource clock;

    public Refusals(InstantSource clock) {
        this.clock = clock;
    }

    /// One refusal.
    ///
    /// @param workspace whose agent it was; null where nobody known asked
    record Noted(
            Instant at,
            String peer,
            String path,
            String code,
            String error,
            @Nullable WorkspaceId workspace) {}

    /// Notes a refusal at a door that agents come to.
    void note(String peer, String path, Refusal refusal, @Nullable Caller caller) {
        var noted = new Noted(
                clock.instant(),
                peer,
                path,
                refusal.reason().code(),
                String.valueOf(refusal.getMessage()),
                workspace(caller).orElse(null));
        synchronized (last) {
            if (last.size() == KEPT) {
                last.removeFirst();
            }
            last.addLast(noted);
        }
    }

    /// The last ones, the newest first.
    List<Noted> all() {
        synchronized (last) {
            return List.copyOf(last.reversed());
        }
    }

    private static Optional<WorkspaceId> workspace(@Nullable Caller caller) {
        return switch (caller) {
            case Caller.Agent(var workspace, var _) -> Optional.of(workspace);
            case Caller.Enrolled(var workspace) -> Optional.of(workspace);
            case Caller.Admin _ -> Optional.empty();
            case null -> Optional.empty();
        };
    }
}
