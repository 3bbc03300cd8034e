package ai.molecule.platform.workspace;

import ai.molecule.platform.backend.AgentRuntime;
import ai.molecule.platform.store.Database;
import ai.molecule.platform.store.Row;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// The SQL of runtimes that were added by hand.
final class RuntimeStore {

    private final Database database;

    RuntimeStore(Database database) {
        this.database = database;
    }

    Optional<AgentRuntime> find(String id) {
        return database.first("select * from runtimes where id = ?", RuntimeStore::runtime, id);
    }

    List<AgentRuntime> all() {
        return database.query("select * from runtimes order by id", RuntimeStore::runtime);
    }

    void put(AgentRuntime runtime, Instant now) {
        database.update(
                """
                insert into runtimes (id, image, port, required_env, ready_seconds, tier_min, changed_at)
                values (?, ?, ?, ?, ?, ?, ?)
                on conflict (id) do update set image = excluded.image, port = excluded.port,
                    required_env = excluded.required_env, ready_seconds = excluded.ready_seconds,
                    tier_min = excluded.tier_min, changed_at = excluded.changed_at
                """,
                runtime.id(),
                runtime.image(),
                runtime.port(),
                String.join(",", runtime.requiredEnv()),
                runtime.readySeconds(),
                runtime.tierMin(),
                now);
    }

    boolean delete(String id) {
        return database.update("delete from runtimes where id = ?", id) > 0;
    }

    private static List<String> names(String joined) {
        return joined.isEmpty() ? List.of() : List.of(joined.split(",", -1));
    }

    private static AgentRuntime runtime(Row row) {
        return new AgentRuntime(
                row.text("id"),
                row.text("image"),
                row.count("port"),
                names(row.text("required_env")),
                row.count("ready_seconds"),
                row.count("tier_min"));
    }
}
