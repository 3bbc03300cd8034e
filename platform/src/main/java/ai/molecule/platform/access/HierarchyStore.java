package ai.molecule.platform.access;

import ai.molecule.platform.store.Database;
import ai.molecule.protocol.WorkspaceId;
import java.util.List;

/// The SQL of the hierarchy rule.
final class HierarchyStore {

    private final Database database;

    HierarchyStore(Database database) {
        this.database = database;
    }

    /// The workspace, its parent, its parent's parent and so on; empty when it does not exist.
    List<WorkspaceId> lineage(WorkspaceId workspace) {
        return database.query("""
                with recursive line(id, parent_id, depth) as (
                    select id, parent_id, 0 from workspaces where id = ?
                    union all
                    select w.id, w.parent_id, depth + 1 from workspaces w join line on w.id = line.parent_id where depth < 64)
                select id from line order by depth
                """, row -> new WorkspaceId(row.uuid("id")), workspace.value());
    }
}
