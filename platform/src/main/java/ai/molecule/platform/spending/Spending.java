package ai.molecule.platform.spending;

import ai.molecule.platform.journal.Event;
import ai.molecule.platform.journal.Journal;
import ai.molecule.platform.store.Database;
import ai.molecule.platform.workspace.Workspaces;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.WorkspaceId;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What agents take of models, and how much they may. Durable: metered in the transaction that keeps the event
/// that tells of it. Whoever has used up its month's budget gets no work until it is raised or the month is over
/// (UTC); so does whoever has a budget and used a model of which nobody said what it costs.
public final class Spending {

    /// The channel on which a workspace is named that has used up its budget.
    public static final String CHANNEL = "overspent";

    private static final long LIMIT_MAX = 100_000_000;
    private static final int DAYS_MAX = 366;

    private final SpendingStore store;
    private final Workspaces workspaces;
    private final Journal journal;
    private final Database database;
    private final InstantSource clock;

    public Spending(Workspaces workspaces, Journal journal, Database database, InstantSource clock) {
        this.store = new SpendingStore(database);
        this.workspaces = workspaces;
        this.journal = journal;
        this.database = database;
        this.clock = clock;
    }

    /// A workspace's budget, and what it has spent.
    public Budget budget(WorkspaceId workspace) {
        workspaces.require(workspace);
        return store.budget(workspace, clock.instant());
    }

    /// Sets what a workspace may spend in a month.
    ///
    /// @param cents US cents; null for no limit
    public Budget limit(WorkspaceId workspace, @Nullable Long cents) {
        workspaces.require(workspace);
        if (cents != null && (cents < 0 || cents > LIMIT_MAX)) {
            throw new Refusal(
                    Reason.INVALID_FIELD,
                    "Expected \"budget_limit\" to be US cents from 0 to " + LIMIT_MAX + ", or null");
        }
        return database.inTransaction(() -> {
            store.limit(workspace, cents);
            store.settle(clock.instant());
            return tell(workspace);
        });
    }

    private Budget tell(WorkspaceId workspace) {
        var budget = store.budget(workspace, clock.instant());
        store.told(workspace, budget.state());
        var payload = budget.toJson();
        var changes = Json.object();
        changes.set("budget_limit", payload.path("budget_limit"));
        changes.set("monthly_spend", payload.path("monthly_spend"));
        changes.set("budget_state", payload.path("state"));
        payload.set("changes", changes);
        payload.remove("state");
        payload.put("budget_state", budget.state());
        journal.append(Event.BUDGET_CHANGED, workspace, payload);
        return budget;
    }

    /// True when a workspace gets no work, because its budget is used up.
    public boolean stopped(WorkspaceId workspace) {
        return store.stopped(workspace);
    }

    /// Why a workspace gets no work, in words.
    public String why(WorkspaceId workspace) {
        var budget = store.budget(workspace, clock.instant());
        return budget.unpriced().isEmpty()
                ? "its budget of this month is used up"
                : "it has a budget, and nobody said what the model "
                        + budget.unpriced().getFirst() + " costs";
    }

    /// What a workspace took, by day and model, the latest first.
    ///
    /// @param days how many, today among them
    public List<Taken> byDay(WorkspaceId workspace, int days) {
        workspaces.require(workspace);
        if (days < 1 || days > DAYS_MAX) {
            throw new Refusal(Reason.BAD_REQUEST, "Expected \"days\" between 1 and " + DAYS_MAX);
        }
        return store.byDay(workspace, clock.instant().minus(Duration.ofDays(days - 1)));
    }

    /// What all took this month, by workspace and model.
    public List<Taken> thisMonth() {
        return store.byWorkspace(clock.instant());
    }

    /// What a task took, by model.
    public List<Taken> of(UUID task) {
        return store.of(task);
    }

    /// What models cost, as far as somebody said.
    public List<Price> prices() {
        return store.prices();
    }

    /// Says what a model costs: from now on, and for what was taken of it when nobody had said so.
    public void put(Price price) {
        database.inTransaction(() -> {
            store.put(price, clock.instant());
            store.priceUnpriced();
            store.settle(clock.instant());
            return price;
        });
    }

    /// Forgets what a model costs. What was taken keeps its cost.
    ///
    /// @throws Refusal `not_found`
    public void remove(String model) {
        if (!store.remove(model)) {
            throw new Refusal(Reason.NOT_FOUND, "Expected a price of this model, but there is none");
        }
    }

    /// One look: begins new months, and tells of budgets that are nearly or wholly used up, or open again.
    public void round() {
        store.priceUnpriced();
        store.settle(clock.instant());
        database.inTransaction(() -> {
            var untold = store.untold();
            untold.forEach(one -> tell(one.workspace()));
            return untold.size();
        });
    }
}
