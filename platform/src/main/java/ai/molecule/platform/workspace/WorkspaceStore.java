package ai.molecule.platform.workspace;

import ai.molecule.platform.backend.HostAccess;
import ai.molecule.platform.store.Database;
import ai.molecule.platform.store.Row;
import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.DeliveryMode;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The SQL of workspaces.
final class WorkspaceStore {

    private static final String SIGHTING = """
            select w.*, p.last_heartbeat, coalesce(p.error_rate, 0) as error_rate, coalesce(p.sample_error, '') as sample_error,
                   coalesce(p.active_tasks, 0) as active_tasks, coalesce(p.current_task, '') as current_task,
                   coalesce(p.uptime_seconds, 0) as uptime_seconds,
                   ceil(coalesce(s.cost, 0) / 10000.0)::bigint as spent, b.limit_cents, coalesce(b.state, 'open') as budget_state
            from workspaces w left join presence p on p.workspace_id = w.id left join budgets b on b.workspace_id = w.id
                left join spending s on s.workspace_id = w.id and s.month = month_of((now() at time zone 'UTC')::date)
            """;

    private final Database database;

    WorkspaceStore(Database database) {
        this.database = database;
    }

    void insert(Workspace made) {
        var profile = made.profile();
        var place = made.place();
        database.update(
                """
                insert into workspaces (id, name, role, tier, runtime, model, backend, max_concurrent_tasks, metadata,
                    host_dir, host_read_only, host_privileged, parent_id, x, y, collapsed, url, agent_card, epoch, status, status_since, status_reason,
                    generation, version, created_at, expires_at)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, null, 0, ?, ?, ?, ?, ?, ?, ?)
                """,
                made.id().value(),
                profile.name(),
                profile.role(),
                profile.tier().number(),
                profile.runtime(),
                profile.model(),
                profile.backend(),
                profile.maxConcurrentTasks(),
                profile.metadata().toString(),
                profile.host().directory(),
                profile.host().readOnly(),
                profile.host().privileged(),
                value(place.parent()),
                place.x(),
                place.y(),
                place.collapsed(),
                made.guest().url(),
                made.life().status(),
                made.life().since(),
                made.life().reason(),
                made.generation(),
                made.version(),
                made.createdAt(),
                made.expiresAt());
    }

    /// Writes a changed workspace over the version it was made from; false when somebody else was faster.
    boolean update(Workspace changed) {
        var profile = changed.profile();
        var place = changed.place();
        var card = changed.guest().card();
        var rows = database.update(
                """
                update workspaces set name = ?, role = ?, tier = ?, runtime = ?, model = ?, backend = ?, max_concurrent_tasks = ?, metadata = ?,
                    host_dir = ?, host_read_only = ?, host_privileged = ?,
                    parent_id = ?, x = ?, y = ?, collapsed = ?, url = ?, delivery = ?, agent_card = ?, speaks = ?, streams = ?, epoch = ?,
                    status = ?, status_since = ?, status_reason = ?, generation = ?, instance = ?, region = ?,
                    expires_at = ?, version = version + 1
                where id = ? and version = ?
                """,
                profile.name(),
                profile.role(),
                profile.tier().number(),
                profile.runtime(),
                profile.model(),
                profile.backend(),
                profile.maxConcurrentTasks(),
                profile.metadata().toString(),
                profile.host().directory(),
                profile.host().readOnly(),
                profile.host().privileged(),
                value(place.parent()),
                place.x(),
                place.y(),
                place.collapsed(),
                changed.guest().url(),
                changed.guest().delivery().wire(),
                card.isMissingNode() ? null : card.toString(),
                changed.guest().speaks().wire(),
                changed.guest().streams(),
                changed.guest().epoch(),
                changed.life().status(),
                changed.life().since(),
                changed.life().reason(),
                changed.generation(),
                changed.whereabouts().instance(),
                changed.whereabouts().region(),
                changed.expiresAt(),
                changed.id().value(),
                changed.version());
        return rows == 1;
    }

    /// Tells every process of a change.
    void announce(String channel, WorkspaceId workspace) {
        database.query(
                "select pg_notify(?, ?) is null as told", row -> row.flag("told"), channel, workspace.toString());
    }

    /// A backend is about to run its agent, and may keep something of it from then on.
    void ranAt(WorkspaceId id, String backend) {
        database.update(
                "update workspaces set ran_at = ran_at || ? || ' ' where id = ? and position(? || ' ' in ran_at) = 0",
                backend,
                id.value(),
                backend);
    }

    void leftNothing(WorkspaceId id) {
        database.update("update workspaces set ran_at = '' where id = ?", id.value());
    }

    /// The backends at which something of it may be left.
    List<String> ranAt(WorkspaceId id) {
        return database.first("select ran_at from workspaces where id = ?", row -> row.text("ran_at"), id.value())
                .map(names -> List.of(names.strip().split(" +", -1)))
                .orElse(List.of());
    }

    /// Whoever removes it wants what its agents wrote.
    void keepData(WorkspaceId id) {
        database.update("update workspaces set keep_data = true where id = ?", id.value());
    }

    boolean keepsData(WorkspaceId id) {
        return database.first("select keep_data from workspaces where id = ?", row -> row.flag("keep_data"), id.value())
                .orElse(false);
    }

    /// Sets what one that is just made may spend in a month, in US cents; told with the next look at budgets.
    void limit(WorkspaceId id, long cents) {
        database.update("""
                insert into budgets (workspace_id, limit_cents, state, told)
                values (?, ?, case ?::bigint when 0 then 'stopped' else 'open' end, '')
                """, id.value(), cents, cents);
    }

    Optional<Workspace> find(WorkspaceId id) {
        return database.first("select * from workspaces where id = ?", WorkspaceStore::workspace, id.value());
    }

    /// The workspaces whose agents the platform runs, or one of them.
    List<Workspace> managed(@Nullable WorkspaceId only) {
        return database.query(
                "select * from workspaces where backend <> 'external' and status <> 'removed' and (?::uuid is null or id = ?::uuid)"
                        + " order by created_at, id",
                WorkspaceStore::workspace,
                value(only),
                value(only));
    }

    Optional<Sighting> sight(WorkspaceId id) {
        return database.first(SIGHTING + " where w.id = ?", WorkspaceStore::sighting, id.value());
    }

    List<Sighting> living() {
        return database.query(
                SIGHTING + " where w.status <> 'removed' order by w.created_at, w.id", WorkspaceStore::sighting);
    }

    /// The next page after a workspace, which may be gone meanwhile.
    List<Sighting> livingAfter(Instant createdAt, WorkspaceId id, int limit) {
        return database.query(
                SIGHTING
                        + " where w.status <> 'removed' and (w.created_at, w.id) > (?, ?) order by w.created_at, w.id limit ?",
                WorkspaceStore::sighting,
                createdAt,
                id.value(),
                limit);
    }

    /// The ephemeral ones whose time is over, and those whose agent was lost before then.
    List<Workspace> overdue(Instant now, Instant lostBefore) {
        return database.query("""
                select * from workspaces where expires_at is not null and status <> 'removed'
                    and (expires_at <= ? or (status in ('offline', 'failed') and status_since <= ?))
                order by expires_at limit 100
                """, WorkspaceStore::workspace, now, lostBefore);
    }

    /// The living below a workspace, nearest first, without itself.
    List<Workspace> descendants(WorkspaceId id) {
        return database.query("""
                with recursive below(id, depth) as (
                    select id, 1 from workspaces where parent_id = ?
                    union all
                    select w.id, depth + 1 from workspaces w join below on w.parent_id = below.id where depth < 64)
                select w.* from below join workspaces w on w.id = below.id
                where w.status <> 'removed' order by below.depth, w.created_at, w.id
                """, WorkspaceStore::workspace, id.value());
    }

    /// Holds the rows of a workspace and of all below it until the transaction ends, in one order for
    /// everybody: rows first, the journal's head last, so that nobody waits in a circle.
    void holdTeam(WorkspaceId id) {
        database.query("""
                with recursive team(id, depth) as (
                    select id, 0 from workspaces where id = ?
                    union all
                    select w.id, depth + 1 from workspaces w join team on w.parent_id = team.id where depth < 64)
                select w.id from workspaces w where w.id in (select id from team) order by w.id for no key update
                """, row -> row.uuid("id"), id.value());
    }

    /// Holds one row until the transaction ends.
    void hold(WorkspaceId id) {
        database.query("select id from workspaces where id = ? for no key update", row -> row.uuid("id"), id.value());
    }

    /// The chain from a workspace up to its root, itself first.
    List<Workspace> lineage(WorkspaceId id) {
        return database.query("""
                with recursive line(id, parent_id, depth) as (
                    select id, parent_id, 0 from workspaces where id = ?
                    union all
                    select w.id, w.parent_id, depth + 1 from workspaces w join line on w.id = line.parent_id where depth < 64)
                select w.* from line join workspaces w on w.id = line.id order by line.depth
                """, WorkspaceStore::workspace, id.value());
    }

    /// How many levels there are below a workspace.
    int heightBelow(WorkspaceId id) {
        return database.query("""
                        with recursive below(id, depth) as (
                            select id, 1 from workspaces where parent_id = ?
                            union all
                            select w.id, depth + 1 from workspaces w join below on w.parent_id = below.id where depth < 64)
                        select coalesce(max(depth), 0) as height from below
                        """, row -> row.count("height"), id.value()).getFirst();
    }

    /// How many living workspaces have this parent; for null, how many roots there are.
    int countChildren(@Nullable WorkspaceId parent) {
        return database.query("""
                        select count(*) as n from workspaces where parent_id is not distinct from ? and status <> 'removed'
                        """, row -> row.count("n"), value(parent)).getFirst();
    }

    /// Lets one change of the tree happen at a time, until the transaction ends; cycles and depth are checked
    /// under it.
    void lockTree() {
        database.query("select pg_advisory_xact_lock(7301) is null as locked", row -> row.flag("locked"));
    }

    Optional<Replay> findReplay(String key, Instant notBefore) {
        return database.first(
                "select request_hash, workspace_id from idempotency where key = ? and created_at > ?",
                row -> new Replay(row.bytes("request_hash"), new WorkspaceId(row.uuid("workspace_id"))),
                key,
                notBefore);
    }

    /// Remembers a key; false when somebody else just used it.
    boolean remember(String key, byte[] requestHash, WorkspaceId made, Instant now, Instant notBefore) {
        database.update("delete from idempotency where created_at <= ?", notBefore);
        return database.update(
                        "insert into idempotency values (?, ?, ?, ?) on conflict do nothing",
                        key,
                        requestHash,
                        made.value(),
                        now)
                == 1;
    }

    record Replay(byte[] requestHash, WorkspaceId workspace) {}

    static @Nullable Object value(@Nullable WorkspaceId id) {
        return id == null ? null : id.value();
    }

    static Workspace workspace(Row row) {
        var parent = row.uuidOrNull("parent_id");
        var card = row.textOrNull("agent_card");
        return new Workspace(
                new WorkspaceId(row.uuid("id")),
                new Profile(
                        row.text("name"),
                        row.text("role"),
                        Tier.of(row.number("tier")),
                        row.text("runtime"),
                        row.text("model"),
                        row.text("backend"),
                        row.count("max_concurrent_tasks"),
                        new HostAccess(row.text("host_dir"), row.flag("host_read_only"), row.flag("host_privileged")),
                        Json.trusted(row.text("metadata"))),
                new Place(
                        parent == null ? null : new WorkspaceId(parent),
                        row.decimal("x"),
                        row.decimal("y"),
                        row.flag("collapsed")),
                new Guest(
                        row.text("url"),
                        DeliveryMode.parse(row.text("delivery")),
                        card == null ? MissingNode.getInstance() : Json.trusted(card),
                        A2aVersion.negotiate(row.text("speaks")).orElse(A2aVersion.V0_3),
                        row.flag("streams"),
                        row.number("epoch")),
                new Whereabouts(row.text("instance"), row.text("region")),
                Life.of(row.text("status"), row.instant("status_since"), row.text("status_reason")),
                row.number("generation"),
                row.number("version"),
                row.instant("created_at"),
                row.instantOrNull("expires_at"));
    }

    private static Sighting sighting(Row row) {
        return new Sighting(
                workspace(row),
                new Sighting.Presence(
                        row.instantOrNull("last_heartbeat"),
                        row.decimal("error_rate"),
                        row.text("sample_error"),
                        row.count("active_tasks"),
                        row.text("current_task"),
                        row.number("uptime_seconds")),
                new Sighting.Money(row.number("spent"), row.numberOrNull("limit_cents"), row.text("budget_state")));
    }
}
