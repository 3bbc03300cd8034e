package ai.molecule.platform.backend.flyio;

import ai.molecule.platform.backend.flyio.FlyException.Kind;
import ai.molecule.platform.backend.flyio.FlyLine.Call;
import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// The calls of Fly's Machines API that we need, of one app.
///
/// Source: Fly's OpenAPI description and documentation of the Machines API.
final class Fly implements AutoCloseable {

    private static final Duration WAIT_MAX = Duration.ofSeconds(60);
    private static final Duration WAIT_SLACK = Duration.ofSeconds(15);
    private static final Duration BUSY_PAUSE = Duration.ofMillis(400);
    private static final Duration BUSY_PATIENCE = Duration.ofSeconds(20);
    private static final Duration LEASE_PATIENCE = Duration.ofSeconds(60);

    private final FlyLine line;
    private final FlySettings settings;
    private final String machines;
    private final String apps;
    private volatile @Nullable FlyRegions regions;

    Fly(FlySettings settings) {
        this.settings = settings;
        this.line = new FlyLine(settings.token(), settings.network());
        this.apps = "/v1/apps/" + settings.app();
        this.machines = apps + "/machines";
    }

    String app() {
        return settings.app();
    }

    private URI url(String path) {
        return settings.api().resolve(path);
    }

    private JsonNode get(String what, String path, String action, String identifier) throws FlyException {
        return line.call(Call.get(what, url(path), action, identifier));
    }

    private JsonNode change(
            String what, String method, String path, @Nullable JsonNode body, String action, String id, boolean twice)
            throws FlyException {
        return line.call(Call.change(what, method, url(path), body, action, id, twice));
    }

    /// Whether the token is good, and for which apps; none for all of an organisation.
    List<String> tokenApps() throws FlyException {
        var apps = new ArrayList<String>();
        for (var token : get("tell what the token is for", "/v1/tokens/current", "token", "")
                .path("tokens")) {
            token.path("apps").forEach(app -> apps.add(app.asText()));
        }
        return apps;
    }

    JsonNode describeApp() throws FlyException {
        return get("show app " + app(), apps, "app", app());
    }

    boolean hasPublicAddress() throws FlyException {
        return !get("list the app's addresses", apps + "/ip_assignments", "ips", app())
                .path("ips")
                .isEmpty();
    }

    /// Where machines can be made; asked once.
    FlyRegions regions() throws FlyException {
        var known = regions;
        if (known == null) {
            known = FlyRegions.of(get("list regions", "/v1/platform/regions", "regions", ""));
            regions = known;
        }
        return known;
    }

    /// Every machine of a platform in the app, with everything that Fly tells of it.
    List<FlyMachine> machines(String platform) throws FlyException {
        return listed("metadata." + FlyMachine.MARK_PLATFORM + "=" + platform);
    }

    /// The machines of one workspace.
    List<FlyMachine> machinesOf(String workspace) throws FlyException {
        return listed("metadata." + FlyMachine.MARK_WORKSPACE + "=" + workspace);
    }

    private List<FlyMachine> listed(String query) throws FlyException {
        var list = get("list machines", machines + "?" + query, "list", app());
        if (!list.isArray()) {
            throw new FlyException(Kind.AWAY, 200, "", "Fly's list of machines is no list", null);
        }
        var found = new ArrayList<FlyMachine>();
        list.forEach(one -> found.add(FlyMachine.of(one)));
        return found;
    }

    FlyMachine machine(String id) throws FlyException {
        return FlyMachine.of(get("show machine " + id, machines + "/" + id, "get", id));
    }

    /// Makes a machine; not to be repeated without looking whether it was made.
    FlyMachine create(JsonNode request) throws FlyException {
        return FlyMachine.of(change("create a machine", "POST", machines, request, "create", app(), false));
    }

    /// Gives a machine another configuration, unless somebody else did meanwhile.
    FlyMachine update(String id, JsonNode request) throws FlyException {
        return patient(() -> FlyMachine.of(
                change("update machine " + id, "POST", machines + "/" + id, request, "update", id, false)));
    }

    void start(String id) throws FlyException {
        patient(() -> {
            var answer = change("start machine " + id, "POST", machines + "/" + id + "/start", null, "start", id, true);
            if (answer.path("status").asText().equals("error")) {
                throw new FlyException(
                        Kind.HOST_FULL,
                        200,
                        "",
                        "Fly did not start machine " + id + ": "
                                + answer.path("message").asText(),
                        null);
            }
            return answer;
        });
    }

    void stop(String id) throws FlyException {
        patient(() ->
                change("stop machine " + id, "POST", machines + "/" + id + "/stop", Json.object(), "stop", id, true));
    }

    void suspend(String id) throws FlyException {
        patient(() ->
                change("suspend machine " + id, "POST", machines + "/" + id + "/suspend", null, "suspend", id, true));
    }

    /// Destroys a machine, whatever it is doing; one that is gone counts as destroyed.
    void destroy(String id) throws FlyException {
        try {
            patient(() -> change(
                    "destroy machine " + id, "DELETE", machines + "/" + id + "?force=true", null, "destroy", id, true));
        } catch (FlyException failed) {
            if (failed.kind() != Kind.GONE) {
                throw failed;
            }
        }
    }

    /// Marks a machine, without another version of it.
    void mark(String id, String key, String value) throws FlyException {
        change(
                "mark machine " + id,
                "POST",
                machines + "/" + id + "/metadata/" + key,
                Json.object().put("value", value),
                "metadata",
                id,
                true);
    }

    /// Waits until a machine is in a state.
    ///
    /// @param version which version of it; empty for any
    /// @throws FlyException `NOT_YET` when it is not after all that time
    void await(String id, String state, String version, Duration patience) throws FlyException {
        var until = System.nanoTime() + patience.toNanos();
        while (true) {
            var left = Duration.ofNanos(Math.max(1_000_000_000L, until - System.nanoTime()));
            var seconds = Math.clamp(left.toSeconds(), 1, WAIT_MAX.toSeconds());
            var path = machines + "/" + id + "/wait?state=" + state + "&timeout=" + seconds
                    + (version.isEmpty() ? "" : "&version=" + version);
            var call = Call.get("see machine " + id + " " + state, url(path), "wait", id)
                    .within(Duration.ofSeconds(seconds).plus(WAIT_SLACK));
            try {
                line.call(call);
                return;
            } catch (FlyException late) {
                if (late.kind() != Kind.NOT_YET || System.nanoTime() >= until) {
                    throw late;
                }
            }
        }
    }

    @FunctionalInterface
    private interface Change<T> {
        T make() throws FlyException;
    }

    /// Waits out what passes by itself: the moment after a stop, an update that is under way, a lease.
    private static <T> T patient(Change<T> change) throws FlyException {
        var until = System.nanoTime() + BUSY_PATIENCE.toNanos();
        var leased = System.nanoTime() + LEASE_PATIENCE.toNanos();
        while (true) {
            try {
                return change.make();
            } catch (FlyException failed) {
                var end = failed.kind() == Kind.LEASED ? leased : until;
                var passes = failed.kind() == Kind.BUSY || failed.kind() == Kind.LEASED;
                if (!passes || System.nanoTime() > end || Thread.currentThread().isInterrupted()) {
                    throw failed;
                }
                LockSupport.parkNanos(BUSY_PAUSE.toNanos());
            }
        }
    }

    /// Sets secrets of the app, and ends those that are to be null.
    ///
    /// @return the version that has them
    long setSecrets(Map<String, @Nullable String> secrets) throws FlyException {
        var body = Json.object();
        var values = body.putObject("values");
        secrets.forEach(values::put);
        return change("set secrets", "POST", apps + "/secrets", body, "secrets", app(), true)
                .path("version")
                .asLong();
    }

    Set<String> secretNames() throws FlyException {
        var names = new TreeSet<String>();
        for (var secret :
                get("list secrets", apps + "/secrets", "list-secrets", app()).path("secrets")) {
            names.add(secret.path("name").asText());
        }
        return names;
    }

    /// A volume.
    ///
    /// @param machine what it is attached to; empty for nothing
    record Volume(String id, String name, String region, String machine) {
        static Volume of(JsonNode json) {
            return new Volume(
                    json.path("id").asText(),
                    json.path("name").asText(),
                    json.path("region").asText(),
                    json.path("attached_machine_id").asText(""));
        }
    }

    List<Volume> volumes() throws FlyException {
        var volumes = new ArrayList<Volume>();
        get("list volumes", apps + "/volumes", "list-volumes", app()).forEach(one -> {
            if (!one.path("state").asText().contains("destroy")) {
                volumes.add(Volume.of(one));
            }
        });
        return volumes;
    }

    Volume createVolume(JsonNode request) throws FlyException {
        return Volume.of(change("create a volume", "POST", apps + "/volumes", request, "create-volume", app(), false));
    }

    /// Deletes a volume; one that is gone counts as deleted.
    void deleteVolume(String id) throws FlyException {
        try {
            patient(() ->
                    change("delete volume " + id, "DELETE", apps + "/volumes/" + id, null, "delete-volume", id, true));
        } catch (FlyException failed) {
            if (failed.kind() != Kind.GONE) {
                throw failed;
            }
        }
    }

    /// What a command came to.
    record Executed(int code, String output, String errors) {}

    /// Runs a command in a machine that runs.
    Executed exec(String id, List<String> command, String input, Duration patience) throws FlyException {
        var body = Json.object().put("stdin", input).put("timeout", patience.toSeconds());
        var words = body.putArray("command");
        command.forEach(words::add);
        var call = Call.change(
                        "run a command in machine " + id,
                        "POST",
                        url(machines + "/" + id + "/exec"),
                        body,
                        "exec",
                        id,
                        false)
                .within(patience.plus(WAIT_SLACK));
        var done = line.call(call);
        return new Executed(
                done.path("exit_code").asInt(),
                done.path("stdout").asText(),
                done.path("stderr").asText());
    }

    /// What a machine wrote, oldest first; `next` goes on after it.
    record Written(List<String> lines, String next) {
        Written {
            lines = List.copyOf(lines);
        }
    }

    /// What a machine wrote.
    ///
    /// Source: what `fly logs` calls; Fly does not document it.
    ///
    /// @param after where an earlier answer ended; empty for the beginning
    Written written(String id, Optional<String> after) throws FlyException {
        var path = "/api/v1/apps/" + app() + "/logs?instance=" + id
                + after.map(token -> "&next_token=" + URLEncoder.encode(token, StandardCharsets.UTF_8))
                        .orElse("");
        var answer = line.call(
                Call.get("show the log of machine " + id, settings.logs().resolve(path), "logs", id));
        var lines = new ArrayList<String>();
        for (var one : answer.path("data")) {
            lines.add(one.path("attributes").path("message").asText());
        }
        return new Written(lines, answer.path("meta").path("next_token").asText(after.orElse("")));
    }

    @Override
    public void close() {
        line.close();
    }
}
