package ai.molecule.platform.configuration;

import ai.molecule.platform.journal.Event;
import ai.molecule.platform.journal.Journal;
import ai.molecule.platform.store.Database;
import ai.molecule.platform.workspace.Workspaces;
import ai.molecule.protocol.Configuration;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.WorkspaceId;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/// What each workspace's agent is configured with. Durable, and the same wherever the agent runs; agents fetch it.
/// Every change is checked as a whole: what cannot be read is refused, and nothing is saved.
public final class Configurations {

    private final ConfigurationStore store;
    private final Workspaces workspaces;
    private final Journal journal;
    private final Database database;
    private final InstantSource clock;

    public Configurations(Workspaces workspaces, Journal journal, Database database, InstantSource clock) {
        this.store = new ConfigurationStore(database);
        this.workspaces = workspaces;
        this.journal = journal;
        this.database = database;
        this.clock = clock;
    }

    /// Reads files before anything else of this room is there.
    public static Function<WorkspaceId, Map<String, String>> reader(Database database) {
        return new ConfigurationStore(database)::files;
    }

    /// A configuration as it is.
    ///
    /// @param mark the same for the same files, and no other
    /// @param warnings what to tell whoever wrote it
    public record Kept(Map<String, String> files, String mark, List<String> warnings) {
        public Kept {
            files = Map.copyOf(files);
            warnings = List.copyOf(warnings);
        }
    }

    /// What a workspace's agent is configured with.
    public Kept of(WorkspaceId workspace) {
        var runtime = workspaces.require(workspace).profile().runtime();
        var files = store.files(workspace);
        return kept(files, runtime);
    }

    /// Saves a file, over the one there may be.
    ///
    /// @param expected the mark of the configuration that it changes; empty for whatever there is
    /// @throws Refusal `conflict` when somebody else changed it meanwhile
    public Kept save(WorkspaceId workspace, String path, String content, String expected) {
        return change(workspace, expected, files -> {
            var changed = new TreeMap<>(files);
            changed.put(path, content);
            return changed;
        });
    }

    /// Deletes a file.
    ///
    /// @throws Refusal `not_found`
    public Kept delete(WorkspaceId workspace, String path, String expected) {
        return change(workspace, expected, files -> {
            var changed = new TreeMap<>(files);
            if (changed.remove(path) == null) {
                throw new Refusal(Reason.NOT_FOUND, "Expected a file of the configuration, but there is no " + path);
            }
            return changed;
        });
    }

    /// Puts files in the place of all that there are.
    public Kept replace(WorkspaceId workspace, Map<String, String> files, String expected) {
        return change(workspace, expected, before -> files);
    }

    /// Forgets what nobody can use any more.
    public void tidy() {
        store.removeOrphaned();
    }

    private Kept change(WorkspaceId workspace, String expected, UnaryOperator<Map<String, String>> change) {
        return database.inTransaction(() -> {
            var runtime = workspaces.require(workspace).profile().runtime();
            store.lock(workspace);
            var before = store.files(workspace);
            if (!expected.isEmpty() && !expected.equals(mark(before))) {
                throw new Refusal(Reason.CONFLICT, "Somebody else changed this configuration meanwhile; read it again");
            }
            var after = change.apply(before);
            check(after);
            var kept = kept(after, runtime);
            var paths = new TreeSet<>(before.keySet());
            paths.addAll(after.keySet());
            for (var path : paths) {
                var content = after.get(path);
                if (content == null) {
                    store.delete(workspace, path);
                    tell(workspace, path, "deleted");
                } else if (!Objects.equals(content, before.get(path))) {
                    store.save(workspace, path, content, clock.instant());
                    tell(workspace, path, "saved");
                }
            }
            return kept;
        });
    }

    private static void check(Map<String, String> files) {
        if (files.size() > Configuration.FILES_MAX) {
            throw new Refusal(Reason.INVALID_FIELD, "Expected at most " + Configuration.FILES_MAX + " files");
        }
        var length = 0L;
        for (var file : files.entrySet()) {
            if (!Configuration.isPath(file.getKey())) {
                throw new Refusal(
                        Reason.INVALID_FIELD,
                        "Expected a path of at most 200 characters of letters, digits, . _ - and /, no part of which"
                                + " begins with a dot, but found " + file.getKey());
            }
            if (file.getValue().length() > Configuration.FILE_LENGTH_MAX) {
                throw new Refusal(
                        Reason.PAYLOAD_TOO_LARGE,
                        "Expected at most " + Configuration.FILE_LENGTH_MAX + " characters in " + file.getKey());
            }
            length += file.getValue().length();
        }
        if (length > Configuration.LENGTH_MAX) {
            throw new Refusal(
                    Reason.PAYLOAD_TOO_LARGE, "Expected at most " + Configuration.LENGTH_MAX + " characters in all");
        }
    }

    private static Kept kept(Map<String, String> files, String runtime) {
        try {
            var read = Configuration.read(files);
            var warnings = new ArrayList<>(read.warnings());
            var drift = read.text("runtime");
            if (!drift.isEmpty() && !drift.replace('_', '-').equals(runtime)) {
                warnings.add("runtime: says " + drift + ", but the workspace is made of " + runtime);
            }
            return new Kept(files, mark(files), warnings);
        } catch (IllegalArgumentException bad) {
            throw new Refusal(Reason.INVALID_FIELD, String.valueOf(bad.getMessage()));
        }
    }

    private static String mark(Map<String, String> files) {
        try {
            var json = Json.object();
            new TreeMap<>(files).forEach(json::put);
            var digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(Json.text(json).getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("Every JDK has SHA-256", impossible);
        }
    }

    private void tell(WorkspaceId workspace, String path, String status) {
        journal.append(
                Event.CONFIGURATION_CHANGED,
                workspace,
                Json.object().put("path", path).put("status", status));
    }
}
