package ai.molecule.fly;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// One machine. Everything in it is read and written under the world's lock.
///
/// ```text
///   created -> starting -> started -> stopping -> stopped -> starting …
///                |            |-> suspending -> suspended -> starting …
///                |            |-> restarting -> starting …
///                |            '-> replacing -> starting …   (of a stopped one: -> stopped)
///                '-> failed
///   any -> destroying -> destroyed
/// ```
final class Machine {

    static final Set<String> AT_REST = Set.of("created", "stopped", "suspended", "failed");
    private static final int EVENTS_MAX = 50;

    /// An exclusive right to change a machine.
    record Lease(String nonce, Instant expiry, String owner, String description) {}

    final String id;
    final String name;
    final App app;
    final String region;
    final String address;
    final Instant createdAt;

    /// Held while its process is started, stopped or frozen, one after the other.
    final ReentrantLock hands = new ReentrantLock();

    ObjectNode config;
    String instance;
    String state = "created";
    String hostStatus = "ok";
    boolean cordoned;
    Instant updatedAt;
    Instant settledAt = Instant.MIN;

    @Nullable
    Lease lease;

    /// Counts what was ordered; a step of an earlier order is passed over.
    long turn;

    /// Counts its boots.
    long boots;

    int restarts;
    final Deque<ObjectNode> events = new ArrayDeque<>();
    final Map<String, ObjectNode> versions = new LinkedHashMap<>();
    final Map<String, ObjectNode> checks = new LinkedHashMap<>();

    Machine(App app, String id, String name, String region, String address, ObjectNode config, Instant now) {
        this.app = app;
        this.id = id;
        this.name = name;
        this.region = region;
        this.address = address;
        this.config = config;
        this.instance = Ids.ulid(now);
        this.createdAt = now;
        this.updatedAt = now;
        versions.put(instance, config);
    }

    /// Enters a state, which is an event too.
    ObjectNode enter(String next, String type, String source, Instant now) {
        state = next;
        updatedAt = now;
        return tell(next, type, source, now);
    }

    ObjectNode tell(String status, String type, String source, Instant now) {
        var event = Json.object()
                .put("id", Ids.ulid(now))
                .put("type", type)
                .put("status", status)
                .put("source", source)
                .put("timestamp", now.toEpochMilli());
        events.addFirst(event);
        if (events.size() > EVENTS_MAX) {
            events.removeLast();
        }
        updatedAt = now;
        return event;
    }

    int memoryMegabytes() {
        return config.path("guest").path("memory_mb").asInt(256);
    }

    boolean isDestroyed() {
        return state.equals("destroyed");
    }

    ObjectNode metadata() {
        return config.withObjectProperty("metadata");
    }

    /// What the API shows of it.
    ///
    /// @param summary true without config, checks, events and host
    ObjectNode toJson(boolean summary) {
        var json = Json.object()
                .put("id", id)
                .put("name", name)
                .put("state", state)
                .put("region", region)
                .put("instance_id", instance)
                .put("private_ip", address)
                .put("created_at", createdAt.toString())
                .put("updated_at", updatedAt.toString());
        if (summary) {
            return json;
        }
        json.put("host_status", hostStatus).put("cordoned", cordoned);
        json.set("image_ref", imageRef());
        if (hostStatus.equals("ok")) {
            json.set("config", config.deepCopy());
            var told = json.putArray("events");
            events.forEach(event -> told.add(event.deepCopy()));
            var seen = json.putArray("checks");
            checks.values().forEach(check -> seen.add(check.deepCopy()));
        } else {
            json.set("incomplete_config", config.deepCopy());
        }
        return json;
    }

    /// What a list of an organisation shows of it.
    ObjectNode toOverview() {
        var json = Json.object()
                .put("id", id)
                .put("app_name", app.name)
                .put("name", name)
                .put("state", state)
                .put("region", region)
                .put("instance_id", instance)
                .put("version", instance)
                .put("private_ip", address)
                .put("created_at", createdAt.toString())
                .put("updated_at", updatedAt.toString());
        var shown = json.putObject("config");
        shown.put("image", config.path("image").asText());
        shown.set("guest", config.path("guest").deepCopy());
        shown.set("metadata", metadata().deepCopy());
        return json;
    }

    private ObjectNode imageRef() {
        var image = config.path("image").asText();
        var slash = image.indexOf('/');
        var registry = slash > 0 && image.substring(0, slash).contains(".") ? image.substring(0, slash) : "docker.io";
        var rest = registry.equals("docker.io") ? image : image.substring(slash + 1);
        var digest = rest.indexOf('@');
        var path = digest < 0 ? rest : rest.substring(0, digest);
        var colon = path.lastIndexOf(':');
        return Json.object()
                .put("registry", registry)
                .put("repository", colon < 0 ? path : path.substring(0, colon))
                .put("tag", colon < 0 ? "latest" : path.substring(colon + 1))
                .put("digest", digest < 0 ? Ids.digest(image) : rest.substring(digest + 1));
    }
}
