package ai.molecule.platform.approval;

import ai.molecule.platform.a2a.Telling;
import ai.molecule.platform.approval.Approval.Status;
import ai.molecule.platform.journal.Event;
import ai.molecule.platform.journal.Journal;
import ai.molecule.platform.ledger.Ledger;
import ai.molecule.platform.ledger.LedgerTask;
import ai.molecule.platform.secret.Secrets;
import ai.molecule.platform.store.Database;
import ai.molecule.platform.workspace.Workspaces;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What agents ask people to decide. Durable: a question outlives its agent and this process. The first decision
/// counts; the agent that asked never decides. The task that waits goes on by itself, whatever was decided.
public final class Approvals {

    static final int PENDING_MAX = 100;
    private static final int ACTION_MAX = 1000;
    private static final int REASON_MAX = 4000;
    private static final int CONTEXT_BYTES_MAX = 16 * 1024;
    private static final int AT_ONCE_MAX = 200;

    private final ApprovalStore store;
    private final Workspaces workspaces;
    private final Ledger ledger;
    private final Telling telling;
    private final Secrets secrets;
    private final Journal journal;
    private final Database database;
    private final Duration patience;
    private final InstantSource clock;

    /// @param patience after how long a question that nobody decided has expired
    public Approvals(
            Workspaces workspaces,
            Ledger ledger,
            Telling telling,
            Secrets secrets,
            Journal journal,
            Database database,
            Duration patience,
            InstantSource clock) {
        this.store = new ApprovalStore(database);
        this.workspaces = workspaces;
        this.ledger = ledger;
        this.telling = telling;
        this.secrets = secrets;
        this.journal = journal;
        this.database = database;
        this.patience = patience;
        this.clock = clock;
    }

    /// What an agent wants decided.
    ///
    /// @param task in whose course it asks; null for none
    /// @param context what else it tells, JSON; an object
    public record Question(WorkspaceId workspace, @Nullable UUID task, String action, String reason, JsonNode context) {
        public Question {
            checkLength("action", action, ACTION_MAX);
            checkLength("reason", reason, REASON_MAX);
            if (!context.isObject() || Json.weight(context) > CONTEXT_BYTES_MAX) {
                throw new Refusal(
                        Reason.INVALID_FIELD,
                        "Expected \"context\" to be an object of at most " + CONTEXT_BYTES_MAX + " bytes");
            }
        }

        private static void checkLength(String field, String text, int max) {
            if (text.length() > max) {
                throw new Refusal(Reason.INVALID_FIELD, "Expected \"" + field + "\" of at most " + max + " characters");
            }
        }
    }

    /// Asks people. The same question in the course of the same task is the same approval, and has its answer
    /// already where it was decided.
    ///
    /// @throws Refusal `conflict` when too many wait already
    public Approval ask(Question question) {
        workspaces.require(question.workspace());
        var now = clock.instant();
        var fresh = new Approval(
                UUID.randomUUID(),
                question.workspace(),
                question.task(),
                secrets.clean(question.workspace(), question.action()),
                secrets.clean(question.workspace(), question.reason()),
                cleaned(question.workspace(), question.context()),
                Status.PENDING,
                "",
                null,
                now,
                now.plus(patience));
        return database.inTransaction(() -> {
            if (store.insert(fresh, PENDING_MAX)) {
                journal.append(Event.APPROVAL_REQUESTED, fresh.workspace(), fresh.facts());
                return fresh;
            }
            var same = store.same(fresh);
            same.filter(one -> one.status() != Status.PENDING).ifPresent(one -> store.told(one.id()));
            return same.orElseThrow(() -> new Refusal(
                    Reason.CONFLICT, "Expected at most " + PENDING_MAX + " approvals that wait for a decision"));
        });
    }

    /// A value without secrets in its texts.
    private JsonNode cleaned(WorkspaceId workspace, JsonNode value) {
        return switch (value) {
            case ObjectNode object -> {
                var clean = Json.object();
                object.properties().forEach(field -> clean.set(field.getKey(), cleaned(workspace, field.getValue())));
                yield clean;
            }
            case ArrayNode array -> {
                var clean = Json.array();
                array.forEach(one -> clean.add(cleaned(workspace, one)));
                yield clean;
            }
            case TextNode text -> TextNode.valueOf(secrets.clean(workspace, text.textValue()));
            default -> value;
        };
    }

    /// Its own agent has read what became of what it asked, and need not be told.
    ///
    /// @param only one of them; null for all
    public void read(WorkspaceId workspace, @Nullable UUID only) {
        store.read(workspace, only);
    }

    /// Removes what was decided before a time; says how many.
    public int removeDecided(Instant before) {
        return store.removeDecided(before);
    }

    /// One of a workspace's.
    ///
    /// @throws Refusal `not_found`
    public Approval get(WorkspaceId workspace, UUID id) {
        return store.find(workspace, id)
                .orElseThrow(() -> new Refusal(
                        Reason.NOT_FOUND, "Expected an approval of this workspace, but there is none of this id"));
    }

    /// The latest of a workspace, newest first.
    public List<Approval> of(WorkspaceId workspace, int limit) {
        return store.of(workspace, limit);
    }

    /// All that wait for a decision, the oldest first.
    public List<Approval> pending(int limit) {
        return store.pending(limit);
    }

    /// True when a task waits for a person to decide, or has yet to hear what was decided.
    public boolean holds(UUID task) {
        return store.holds(task);
    }

    /// Decides, once.
    ///
    /// @param by who decides
    /// @throws Refusal `conflict` when it does not wait for a decision any more
    public Approval decide(WorkspaceId workspace, UUID id, boolean yes, String by) {
        var asked = get(workspace, id);
        var status = yes ? Status.APPROVED : Status.DENIED;
        if (asked.expiresAt().isAfter(clock.instant()) && settle(asked, status, by)) {
            store.awaited(AT_ONCE_MAX).stream()
                    .filter(decided -> decided.id().equals(id))
                    .forEach(this::tell);
            return get(workspace, id);
        }
        var now = get(workspace, id);
        var how = now.status() == Status.PENDING ? Status.EXPIRED : now.status();
        throw new Refusal(
                Reason.CONFLICT,
                "Expected an approval that waits for a decision, but it is " + how.wire()
                        + (now.decidedBy().isEmpty() ? "" : " by " + now.decidedBy()));
    }

    private boolean settle(Approval asked, Status status, String by) {
        return database.inTransaction(() -> {
            if (!store.decide(asked.id(), status, by, clock.instant())) {
                return false;
            }
            journal.append(
                    Event.APPROVAL_DECIDED,
                    asked.workspace(),
                    get(asked.workspace(), asked.id()).facts());
            return true;
        });
    }

    /// One look: lets what nobody decided in time expire, withdraws what nobody needs any more, and tells the
    /// tasks that wait.
    public void round() {
        store.overdue(clock.instant(), AT_ONCE_MAX).forEach(asked -> settle(asked, Status.EXPIRED, ""));
        store.needless(AT_ONCE_MAX).forEach(asked -> settle(asked, Status.WITHDRAWN, ""));
        tellThoseWhoWait();
        store.closeUnheard();
    }

    private void tellThoseWhoWait() {
        store.awaited(AT_ONCE_MAX).forEach(this::tell);
    }

    /// A task is told once, however often this is tried: its mailbox knows the message.
    private void tell(Approval decided) {
        var task = decided.task() == null ? Optional.<LedgerTask>empty() : ledger.find(decided.task());
        if (task.isPresent() && telling.tell(task.get(), "approval " + decided.id(), decided.told())) {
            store.told(decided.id());
        }
    }
}
