package ai.molecule.platform.workspace;

import ai.molecule.platform.store.Database;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/// The SQL of stays.
final class StayStore {

    private final Database database;

    StayStore(Database database) {
        this.database = database;
    }

    /// A state ended.
    void ended(Workspace was, Instant now) {
        var stay = stay(was, now);
        database.update("""
                insert into stays (workspace_id, backend, tier, status, seconds) values (?, ?, ?, ?, ?)
                on conflict (workspace_id, backend, tier, status) do update set seconds = stays.seconds + excluded.seconds
                """, was.id().value(), stay.backend(), stay.tier(), stay.status(), stay.seconds());
    }

    private static Stay stay(Workspace was, Instant now) {
        var time = Duration.between(was.life().since(), now);
        return new Stay(
                was.profile().backend(),
                was.profile().tier().number(),
                was.life().status(),
                Math.max(0, time.toNanos() / 1e9));
    }

    /// Every stay of a workspace, with the one it is in.
    List<Stay> of(Workspace workspace, Instant now) {
        var current = stay(workspace, now);
        var stays = new ArrayList<>(database.query(
                "select backend, tier, status, seconds from stays where workspace_id = ? order by backend, tier, status",
                row -> new Stay(row.text("backend"), row.count("tier"), row.text("status"), row.decimal("seconds")),
                workspace.id().value()));
        for (var at = 0; at < stays.size(); at++) {
            var one = stays.get(at);
            if (new Stay(one.backend(), one.tier(), one.status(), current.seconds()).equals(current)) {
                stays.set(at, new Stay(one.backend(), one.tier(), one.status(), one.seconds() + current.seconds()));
                return stays;
            }
        }
        stays.add(current);
        return stays;
    }
}
