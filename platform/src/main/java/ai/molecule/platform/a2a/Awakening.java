package ai.molecule.platform.a2a;

import ai.molecule.platform.registry.Registry;
import ai.molecule.platform.registry.Routes;
import ai.molecule.protocol.WorkspaceId;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Greets agents that rested with their memory kept and were started again: one that still knows its secret is
/// the same, and goes on without registering. One that does not, because its memory was lost, registers.
public final class Awakening {

    private final Routes routes;
    private final AgentLine line;
    private final Registry registry;
    private final Set<WorkspaceId> greeting = ConcurrentHashMap.newKeySet();

    public Awakening(Routes routes, AgentLine line, Registry registry) {
        this.routes = routes;
        this.line = line;
        this.registry = registry;
    }

    /// Greets everybody who was not heard yet, each on a thread of its own.
    public void round() {
        for (var rested : routes.resumed()) {
            if (greeting.add(rested.workspace())) {
                Thread.ofVirtual().name("greet-" + rested.workspace()).start(() -> {
                    try {
                        greet(rested);
                    } finally {
                        greeting.remove(rested.workspace());
                    }
                });
            }
        }
    }

    private void greet(Routes.Rested rested) {
        var route = routes.toResumed(rested.workspace());
        if (route.isPresent() && route.get().epoch() > 0 && line.knows(route.get())) {
            registry.goesOn(rested.workspace(), route.get().epoch(), rested.generation());
        }
    }
}
