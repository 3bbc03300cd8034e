package ai.molecule.platform.secret;

import ai.molecule.platform.store.Database;
import ai.molecule.protocol.WorkspaceId;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/// The SQL of secrets.
final class SecretStore {

    /// The owner of those that all workspaces get.
    static final UUID ALL = new UUID(0, 0);

    private final Database database;

    SecretStore(Database database) {
        this.database = database;
    }

    /// A sealed value, and whose.
    record Sealed(UUID owner, String name, byte[] value) {}

    /// Writes a value; false when its owner has as many as it may.
    boolean put(UUID owner, String name, byte[] sealed, int max, Instant now) {
        return database.update("""
                        insert into secrets (owner, name, sealed, created_at, updated_at)
                        select ?, ?, ?, ?, ?
                        where (select count(*) from secrets where owner = ? and name <> ?) < ?
                        on conflict (owner, name) do update set sealed = excluded.sealed, updated_at = excluded.updated_at
                        """, owner, name, sealed, now, now, owner, name, max) == 1;
    }

    boolean delete(UUID owner, String name) {
        return database.update("delete from secrets where owner = ? and name = ?", owner, name) == 1;
    }

    /// The names a workspace gets, its own before the global ones of the same name.
    List<SecretName> names(UUID owner) {
        return database.query(
                """
                select distinct on (name) name, owner, created_at, updated_at from secrets
                where owner = ? or (owner = ? and secret_granted(?, name)) order by name, owner = ? desc
                """,
                row -> new SecretName(
                        row.text("name"),
                        row.uuid("owner").equals(ALL),
                        row.instant("created_at"),
                        row.instant("updated_at")),
                owner,
                ALL,
                owner,
                owner);
    }

    /// Gives a workspace no other global secrets than these.
    void limit(WorkspaceId workspace, Collection<String> names) {
        database.update(
                "insert into secret_limits values (?, ?) on conflict (workspace_id) do update set names = excluded.names",
                workspace.value(),
                String.join(",", names));
    }

    /// The workspaces that have a value of a name of their own.
    Set<WorkspaceId> owners(String name) {
        return Set.copyOf(database.query(
                "select owner from secrets where name = ? and owner <> ?",
                row -> new WorkspaceId(row.uuid("owner")),
                name,
                ALL));
    }

    /// The values a workspace gets.
    List<Sealed> values(UUID owner) {
        return database.query(
                """
                select distinct on (name) owner, name, sealed from secrets
                where owner = ? or (owner = ? and secret_granted(?, name)) order by name, owner = ? desc
                """,
                row -> new Sealed(row.uuid("owner"), row.text("name"), row.bytes("sealed")),
                owner,
                ALL,
                owner,
                owner);
    }

    /// Tells every process of a change.
    void announce(String channel, String workspace) {
        database.query("select pg_notify(?, ?) is null as told", row -> row.flag("told"), channel, workspace);
    }

    Optional<byte[]> probe() {
        return database.first("select sealed from seals where id = 1", row -> row.bytes("sealed"));
    }

    void putProbe(byte[] sealed) {
        database.update("insert into seals (id, sealed) values (1, ?) on conflict do nothing", (Object) sealed);
    }
}
