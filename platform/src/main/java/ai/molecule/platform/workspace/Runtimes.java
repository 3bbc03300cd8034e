package ai.molecule.platform.workspace;

import ai.molecule.platform.backend.AgentRuntime;
import ai.molecule.platform.journal.Event;
import ai.molecule.platform.journal.Journal;
import ai.molecule.platform.store.Database;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Wire;
import ai.molecule.protocol.WireException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// The runtimes there are: ours, those of the operator's file, and those added or changed by hand, each over
/// the one before.
public final class Runtimes {

    /// Ours: the agent has an engine for each.
    public static final List<String> OURS =
            List.of("echo", "hermes", "langgraph", "claude-code", "gemini-cli", "codex", "command");

    private static final int PORT_DEFAULT = 8000;
    private static final int READY_SECONDS_DEFAULT = 60;
    private static final int READY_SECONDS_MAX = 3600;
    private static final int IMAGE_LENGTH_MAX = 500;
    private static final int ENV_COUNT_MAX = 50;
    private static final Pattern WORD = Pattern.compile("[a-z0-9][a-z0-9_.-]{0,99}");
    private static final Pattern ENV_NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,127}");

    /// A reference as registries know it (the distribution project's reference grammar): host, path, tag,
    /// digest.
    private static final Pattern IMAGE = Pattern.compile("(?:[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]+)?/)?"
            + "[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?");

    private final Map<String, AgentRuntime> known;
    private final RuntimeStore store;
    private final Journal journal;
    private final Database database;
    private final InstantSource clock;

    /// What is there without being added.
    ///
    /// @param given ours and the operator's, as [#ours] and [#read] made them; a later one of a name counts
    public Runtimes(Collection<AgentRuntime> given, Journal journal, Database database, InstantSource clock) {
        var byId = new TreeMap<String, AgentRuntime>();
        given.forEach(one -> byId.put(one.id(), one));
        this.known = byId;
        this.store = new RuntimeStore(database);
        this.journal = journal;
        this.database = database;
        this.clock = clock;
    }

    /// Our own runtimes, in images whose names begin alike.
    public static List<AgentRuntime> ours(String imagePrefix) {
        return OURS.stream()
                .map(id -> new AgentRuntime(
                        id, imagePrefix + id + ":latest", PORT_DEFAULT, List.of(), READY_SECONDS_DEFAULT, 1))
                .toList();
    }

    /// Reads one runtime's fields.
    ///
    /// @throws WireException when one is missing, of the wrong type or out of range
    public static AgentRuntime read(String id, JsonNode fields) {
        if (!WORD.matcher(id).matches() || id.equals(Profile.EXTERNAL)) {
            throw new WireException("Expected a runtime's id to be a short lower-case word, but found " + id);
        }
        var wire = Wire.of(fields);
        var image = wire.text("image");
        if (image.length() > IMAGE_LENGTH_MAX || !IMAGE.matcher(image).matches()) {
            throw new WireException("Expected \"image\" to be a reference such as ghcr.io/me/agent:1.2"
                    + " or one with @sha256:…, but found " + image);
        }
        // Without a tag an engine would pull all of them.
        var tagged = image.substring(image.lastIndexOf('/') + 1).matches(".*[:@].*") ? image : image + ":latest";
        return new AgentRuntime(
                id,
                tagged,
                number(wire, "port", PORT_DEFAULT, 65_535),
                requiredEnv(wire),
                number(wire, "ready_seconds", READY_SECONDS_DEFAULT, READY_SECONDS_MAX),
                number(wire, "tier_min", 1, Tier.values().length));
    }

    private static int number(Wire wire, String field, int otherwise, int max) {
        var number = wire.integer(field, otherwise);
        if (number < 1 || number > max) {
            throw new WireException("Expected \"" + field + "\" between 1 and " + max + ", but found " + number);
        }
        return (int) number;
    }

    private static List<String> requiredEnv(Wire wire) {
        var names = new ArrayList<String>();
        for (var name : wire.list("required_env")) {
            if (!name.isTextual() || !ENV_NAME.matcher(name.asText()).matches() || names.size() == ENV_COUNT_MAX) {
                throw new WireException(
                        "Expected \"required_env\" to be at most " + ENV_COUNT_MAX + " names of variables");
            }
            names.add(name.asText());
        }
        return names;
    }

    /// A runtime as people see it.
    public static ObjectNode toJson(AgentRuntime runtime) {
        var json = Json.object()
                .put("id", runtime.id())
                .put("image", runtime.image())
                .put("port", runtime.port())
                .put("ready_seconds", runtime.readySeconds())
                .put("tier_min", runtime.tierMin());
        var names = json.putArray("required_env");
        runtime.requiredEnv().forEach(names::add);
        return json;
    }

    /// One runtime.
    public Optional<AgentRuntime> find(String id) {
        return store.find(id).or(() -> Optional.ofNullable(known.get(id)));
    }

    /// All of them.
    public List<AgentRuntime> all() {
        var all = new TreeMap<>(known);
        store.all().forEach(one -> all.put(one.id(), one));
        return List.copyOf(all.values());
    }

    /// Adds a runtime, or changes one; agents get it with their next start.
    public void put(AgentRuntime runtime) {
        database.inTransaction(() -> {
            store.put(runtime, clock.instant());
            journal.append(Event.RUNTIME_CHANGED, null, toJson(runtime));
            return true;
        });
    }

    /// Takes back what was added or changed by hand.
    ///
    /// @throws Refusal `not_found` when nothing was
    public void delete(String id) {
        database.inTransaction(() -> {
            if (!store.delete(id)) {
                throw new Refusal(
                        Refusal.Reason.NOT_FOUND, "Expected a runtime that was added by hand, but " + id + " was not");
            }
            journal.append(
                    Event.RUNTIME_CHANGED, null, Json.object().put("id", id).put("deleted", true));
            return true;
        });
    }
}
