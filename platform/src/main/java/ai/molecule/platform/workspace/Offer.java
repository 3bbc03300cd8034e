package ai.molecule.platform.workspace;

import ai.molecule.platform.backend.AgentRuntime;
import ai.molecule.platform.backend.Backend;
import ai.molecule.platform.backend.HostAccess;
import ai.molecule.platform.backend.HostRules;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// Which runtimes and backends can be had here.
///
/// @param allowed the runtimes that the operator allows; empty for all
/// @param backends those that are open, by name
/// @param rules what agents may have of the machine they run on
public record Offer(Set<String> allowed, Runtimes runtimes, Map<String, Backend> backends, HostRules rules) {

    public Offer {
        allowed = Set.copyOf(allowed);
        backends = Map.copyOf(backends);
    }

    /// Refuses what cannot be had.
    ///
    /// @throws Refusal `runtime_not_allowed`, `backend_not_available` or `host_access_not_allowed`, naming what
    /// can
    void check(Profile wanted) {
        if (!allowed.isEmpty() && !allowed.contains(wanted.runtime())) {
            throw notAllowed(wanted, new TreeSet<>(allowed), "");
        }
        if (wanted.external()) {
            return;
        }
        var runtime = runtimes.find(wanted.runtime())
                .orElseThrow(() -> notAllowed(wanted, names(backends.get(wanted.backend())), ""));
        var backend = backends.get(wanted.backend());
        if (backend == null) {
            throw new Refusal(
                    Refusal.Reason.BACKEND_NOT_AVAILABLE,
                    "Expected one of the backends " + new TreeSet<>(backends.keySet()) + ", but found "
                            + wanted.backend());
        }
        if (!backend.runs(runtime)) {
            throw notAllowed(wanted, names(backend), " that the " + wanted.backend() + " backend can run");
        }
        if (wanted.tier().number() < runtime.tierMin()) {
            throw new Refusal(
                    Refusal.Reason.INVALID_FIELD,
                    "Expected \"tier\" of at least " + runtime.tierMin() + " for runtime " + runtime.id()
                            + ", but found " + wanted.tier().number());
        }
    }

    /// Refuses what an agent cannot have of its machine.
    ///
    /// @throws Refusal `host_access_not_allowed`, with the reason
    void checkHost(Profile wanted) {
        var backend = backends.get(wanted.backend());
        if (wanted.host().equals(HostAccess.NONE) || backend == null) {
            return;
        }
        var objection = backend.opensHost()
                ? rules.objection(wanted.host())
                : Optional.of("Expected nothing of the machine on the " + backend.name()
                        + " backend, but found \"workspace_dir\" or \"privileged\"");
        if (objection.isPresent()) {
            throw new Refusal(Refusal.Reason.HOST_ACCESS_NOT_ALLOWED, objection.get());
        }
    }

    /// A runtime as people see it, with the backends that can run it.
    public ObjectNode toJson(AgentRuntime runtime) {
        var json = Runtimes.toJson(runtime);
        var able = json.putArray("backends");
        backends.values().stream()
                .filter(backend -> backend.runs(runtime))
                .map(Backend::name)
                .sorted()
                .forEach(able::add);
        return json;
    }

    /// The backends as people see them.
    ///
    /// @param standard the one that is taken when nothing else is said
    public ArrayNode backendsJson(String standard) {
        var array = Json.array();
        new TreeMap<>(backends)
                .values()
                .forEach(one -> array.add(toJson(one, one.name().equals(standard))));
        return array;
    }

    /// Where it can run agents, and what each tier costs there.
    private static ObjectNode toJson(Backend backend, boolean standard) {
        var json = Json.object().put("name", backend.name()).put("standard", standard);
        var regions = json.putArray("regions");
        backend.regions()
                .forEach(
                        region -> regions.addObject().put("code", region.code()).put("name", region.name()));
        var prices = json.putArray("prices");
        for (var tier : Tier.values()) {
            backend.hourlyPrice(tier.size())
                    .ifPresent(price -> prices.addObject()
                            .put("tier", tier.number())
                            .put("usd_per_hour", Math.round(price * 100_000) / 100_000.0));
        }
        return json;
    }

    private TreeSet<String> names(@org.jspecify.annotations.Nullable Backend backend) {
        var names = new TreeSet<String>();
        runtimes.all().stream()
                .filter(one -> backend == null || backend.runs(one))
                .map(AgentRuntime::id)
                .filter(id -> allowed.isEmpty() || allowed.contains(id))
                .forEach(names::add);
        return names;
    }

    private static Refusal notAllowed(Profile wanted, Set<String> names, String where) {
        return new Refusal(
                Refusal.Reason.RUNTIME_NOT_ALLOWED,
                "Expected one of the runtimes " + names + where + ", but found " + wanted.runtime());
    }
}
