package ai.molecule.platform.workspace;

import ai.molecule.protocol.Refusal;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// Which runtimes and backends can be had here.
///
/// @param allowed the runtimes that the operator allows
/// @param runtimesByBackend what each backend that is open can run
public record Offer(Set<String> allowed, Map<String, Set<String>> runtimesByBackend) {

    /// Every runtime that is known by name.
    public static final Set<String> KNOWN = Set.of("hermes", "claude-code", "langgraph", "echo", "external");

    public Offer {
        allowed = Set.copyOf(allowed);
        runtimesByBackend = Map.copyOf(runtimesByBackend);
    }

    /// Refuses what cannot be had.
    ///
    /// @throws Refusal `runtime_not_allowed` or `backend_not_available`, naming what can
    void check(Profile wanted) {
        if (!allowed.contains(wanted.runtime())) {
            throw new Refusal(
                    Refusal.Reason.RUNTIME_NOT_ALLOWED,
                    "Expected one of the runtimes " + new TreeSet<>(allowed) + ", but found " + wanted.runtime());
        }
        if (wanted.external()) {
            return;
        }
        var runtimes = runtimesByBackend.get(wanted.backend());
        if (runtimes == null) {
            throw new Refusal(
                    Refusal.Reason.BACKEND_NOT_AVAILABLE,
                    "Expected one of the backends " + new TreeSet<>(runtimesByBackend.keySet()) + ", but found "
                            + wanted.backend());
        }
        if (!runtimes.contains(wanted.runtime())) {
            throw new Refusal(
                    Refusal.Reason.RUNTIME_NOT_ALLOWED,
                    "Expected one of the runtimes " + new TreeSet<>(runtimes) + " that the " + wanted.backend()
                            + " backend can run, but found " + wanted.runtime());
        }
    }
}
