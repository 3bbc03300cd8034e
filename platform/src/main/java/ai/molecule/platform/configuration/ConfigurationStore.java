package ai.molecule.platform.configuration;

import ai.molecule.platform.store.Database;
import ai.molecule.protocol.WorkspaceId;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;

/// The SQL of configurations.
final class ConfigurationStore {

    private final Database database;

    ConfigurationStore(Database database) {
        this.database = database;
    }

    /// Nobody else changes the files of a workspace until the end of the transaction.
    void lock(WorkspaceId workspace) {
        database.query("select id from workspaces where id = ? for update", row -> row.uuid("id"), workspace.value());
    }

    Map<String, String> files(WorkspaceId workspace) {
        var files = new TreeMap<String, String>();
        database.query(
                        "select path, content from configuration_files where workspace_id = ?",
                        row -> Map.entry(row.text("path"), row.text("content")),
                        workspace.value())
                .forEach(file -> files.put(file.getKey(), file.getValue()));
        return files;
    }

    void save(WorkspaceId workspace, String path, String content, Instant now) {
        database.update("""
                insert into configuration_files (workspace_id, path, content, updated_at) values (?, ?, ?, ?)
                on conflict (workspace_id, path) do update set content = excluded.content, updated_at = excluded.updated_at
                """, workspace.value(), path, content, now);
    }

    void delete(WorkspaceId workspace, String path) {
        database.update("delete from configuration_files where workspace_id = ? and path = ?", workspace.value(), path);
    }

    /// Forgets what removed workspaces were configured with.
    int removeOrphaned() {
        return database.update("""
                delete from configuration_files f using workspaces w
                where w.id = f.workspace_id and w.status = 'removed'
                """);
    }
}
