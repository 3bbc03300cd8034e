package ai.molecule.platform.spending;

import ai.molecule.platform.store.Database;
import ai.molecule.platform.store.Row;
import ai.molecule.protocol.WorkspaceId;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The SQL of spending. What is metered comes by a trigger, with the events that tell of it.
final class SpendingStore {

    private static final String SUMS = """
            sum(calls)::bigint as calls, sum(input_tokens)::bigint as input_tokens, sum(output_tokens)::bigint as output_tokens,
            case when bool_or(cost is null) then null else sum(cost)::bigint end as cost
            """;

    private final Database database;

    SpendingStore(Database database) {
        this.database = database;
    }

    Budget budget(WorkspaceId workspace, Instant now) {
        var unpriced = database.query(
                "select distinct model from usage where workspace_id = ? and cost is null and day >= month_of(?::date) order by model limit 20",
                row -> row.text("model"),
                workspace.value(),
                day(now));
        return database.query(
                        """
                        select b.limit_cents, coalesce(s.cost, 0) as cost, coalesce(b.state, 'open') as state
                        from (select ?::uuid as id) w left join budgets b on b.workspace_id = w.id
                            left join spending s on s.workspace_id = w.id and s.month = month_of(?::date)
                        """,
                        row -> new Budget(
                                row.numberOrNull("limit_cents"), row.number("cost"), row.text("state"), unpriced),
                        workspace.value(),
                        day(now))
                .getFirst();
    }

    /// Sets how much may be spent, cents; null for no limit.
    void limit(WorkspaceId workspace, @Nullable Long cents) {
        if (cents == null) {
            database.update("delete from budgets where workspace_id = ?", workspace.value());
        } else {
            database.update("""
                    insert into budgets (workspace_id, limit_cents) values (?, ?)
                    on conflict (workspace_id) do update set limit_cents = excluded.limit_cents
                    """, workspace.value(), cents);
        }
    }

    /// Brings states up to date, as a new month, another limit or another price makes them.
    void settle(Instant now) {
        database.update(
                "update budgets set state = budget_state(workspace_id, ?::date) where state <> budget_state(workspace_id, ?::date)",
                day(now),
                day(now));
    }

    /// A state that was not told yet.
    record Untold(WorkspaceId workspace, String state) {}

    List<Untold> untold() {
        return database.query(
                "select workspace_id, state from budgets where told <> state for update skip locked",
                row -> new Untold(new WorkspaceId(row.uuid("workspace_id")), row.text("state")));
    }

    void told(WorkspaceId workspace, String state) {
        database.update("update budgets set told = ? where workspace_id = ?", state, workspace.value());
    }

    boolean stopped(WorkspaceId workspace) {
        return database.first(
                        "select true as stopped from budgets where workspace_id = ? and state = 'stopped'",
                        row -> row.flag("stopped"),
                        workspace.value())
                .isPresent();
    }

    /// By day and model, the latest first.
    List<Taken> byDay(WorkspaceId workspace, Instant from) {
        return database.query(
                "select day::text as of, model, " + SUMS
                        + " from usage where workspace_id = ? and day >= ?::date group by day, model order by day desc, model",
                SpendingStore::taken,
                workspace.value(),
                day(from));
    }

    /// By workspace and model, in the month of a time.
    List<Taken> byWorkspace(Instant now) {
        return database.query(
                "select workspace_id::text as of, model, " + SUMS
                        + " from usage where day >= month_of(?::date) group by workspace_id, model order by workspace_id, model",
                SpendingStore::taken,
                day(now));
    }

    /// By model, of one task.
    List<Taken> of(UUID task) {
        return database.query(
                "select task_id::text as of, model, " + SUMS
                        + " from usage where task_id = ? group by task_id, model order by model",
                SpendingStore::taken,
                task);
    }

    List<Price> prices() {
        return database.query(
                "select model, input, output from model_prices order by model",
                row -> new Price(row.text("model"), row.number("input"), row.number("output")));
    }

    void put(Price price, Instant now) {
        database.update("""
                insert into model_prices (model, input, output, updated_at) values (?, ?, ?, ?)
                on conflict (model) do update set input = excluded.input, output = excluded.output, updated_at = excluded.updated_at
                """, price.model(), price.input(), price.output(), now);
    }

    boolean remove(String model) {
        return database.update("delete from model_prices where model = ?", model) == 1;
    }

    /// Gives what has no cost yet the one that is known now.
    void priceUnpriced() {
        database.update("""
                with priced as (
                    update usage u set cost = cost_of(u.model, u.input_tokens, u.output_tokens)
                    where u.cost is null and cost_of(u.model, u.input_tokens, u.output_tokens) is not null
                    returning u.workspace_id, month_of(u.day) as month, u.cost),
                sums as (select workspace_id, month, sum(cost) as cost, count(*) as turns from priced group by workspace_id, month)
                update spending s set cost = least(s.cost + sums.cost, 9e15)::bigint, unpriced = s.unpriced - sums.turns
                from sums where s.workspace_id = sums.workspace_id and s.month = sums.month
                """);
    }

    private static String day(Instant at) {
        return at.toString().substring(0, 10);
    }

    private static Taken taken(Row row) {
        return new Taken(
                row.text("of"),
                row.text("model"),
                row.number("calls"),
                row.number("input_tokens"),
                row.number("output_tokens"),
                row.numberOrNull("cost"));
    }
}
