package ai.molecule.platform.access;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toList;

import ai.molecule.platform.store.Database;
import ai.molecule.protocol.WorkspaceId;
import java.util.List;
import java.util.Map;

/// The SQL of the hierarchy rule.
final class HierarchyStore {

    private final Database database;

    HierarchyStore(Database database) {
        this.database = database;
    }

    /// Each of two workspaces with its parent, its parent's parent and so on; without those that do not exist.
    Map<WorkspaceId, List<WorkspaceId>> lineages(WorkspaceId one, WorkspaceId other) {
        return database
                .query(
                        """
                        with recursive line(first, id, parent_id, depth) as (
                            select id, id, parent_id, 0 from workspaces where id in (?, ?)
                            union all
                            select line.first, w.id, w.parent_id, depth + 1
                            from workspaces w join line on w.id = line.parent_id where depth < 64)
                        select first, id from line order by depth
                        """,
                        row -> Map.entry(new WorkspaceId(row.uuid("first")), new WorkspaceId(row.uuid("id"))),
                        one.value(),
                        other.value())
                .stream()
                .collect(groupingBy(Map.Entry::getKey, mapping(Map.Entry::getValue, toList())));
    }
}
