package ai.molecule.platform.a2a;

import ai.molecule.platform.a2a.Switchboard.Incoming;
import ai.molecule.platform.ledger.LedgerTask;
import ai.molecule.platform.registry.UrlGuard;
import ai.molecule.platform.store.Database;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.JsonRpc.ErrorCode;
import ai.molecule.protocol.JsonRpc.Fault;
import ai.molecule.protocol.Refusal;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;

/// The push notifications that callers ask for. Agents never see where they go, nor what is shown there.
public final class Pushes {

    static final int PER_TASK_MAX = 20;

    private static final int TEXT_MAX = 2000;
    private static final int ID_MAX = 200;

    private final PushStore store;
    private final Asking asking;
    private final UrlGuard urls;
    private final InstantSource clock;

    public Pushes(Database database, Asking asking, UrlGuard urls, InstantSource clock) {
        this.store = new PushStore(database);
        this.asking = asking;
        this.urls = urls;
        this.clock = clock;
    }

    /// All of a task, as the operator sees them.
    public List<PushLine> shown(UUID task) {
        return store.shown(task);
    }

    /// Those that were given up, latest first.
    public List<PushLine> dead(int limit) {
        return store.dead(limit);
    }

    /// Begins one again that was given up, after the last event that its target took.
    ///
    /// @throws Refusal `conflict` when it was not given up
    public void sendAgain(UUID task, String id) {
        if (!store.revive(task, id, clock.instant())) {
            throw new Refusal(
                    Refusal.Reason.CONFLICT, "Expected a push configuration that was given up, but this is none");
        }
    }

    /// A configuration that came with a message, checked, to be kept once the task is there.
    interface Checked {
        /// Keeps it.
        ///
        /// @param seq the event with which the task took the message in
        void keep(UUID task, long seq);
    }

    /// Checks what came with a message; where nothing came, nothing will be kept.
    Checked check(Incoming incoming, JsonNode config) throws Fault {
        if (!config.isObject()) {
            return (task, seq) -> {};
        }
        var push = read(incoming, config);
        return (task, seq) -> {
            // A message that comes again brings the same one.
            var known = push.id().isEmpty()
                    && store.of(task).stream().anyMatch(kept -> kept.url().equals(push.url()));
            if (!known) {
                put(push.of(task, seq));
            }
        };
    }

    ObjectNode create(Incoming incoming) throws Fault {
        var task = own(incoming);
        var push = read(incoming, incoming.call().params()).of(task.id(), task.seq());
        if (!put(push)) {
            throw incoming.fault(
                    ErrorCode.INVALID_PARAMS, "Expected at most " + PER_TASK_MAX + " push configurations of a task");
        }
        return push.toJson();
    }

    ObjectNode get(Incoming incoming) throws Fault {
        var task = own(incoming);
        var id = incoming.call().text("id");
        return store.of(task.id()).stream()
                .filter(push -> id.isEmpty() || push.id().equals(id))
                .findFirst()
                .map(Push::toJson)
                .orElseThrow(() -> incoming.fault(
                        ErrorCode.TASK_NOT_FOUND, "Expected a push configuration, but there is none with this id"));
    }

    ObjectNode list(Incoming incoming) throws Fault {
        var task = own(incoming);
        var answer = Json.object();
        var configs = answer.putArray("configs");
        store.of(task.id()).forEach(push -> configs.add(push.toJson()));
        return answer.put("nextPageToken", "");
    }

    void delete(Incoming incoming) throws Fault {
        store.delete(own(incoming).id(), incoming.call().text("id"));
    }

    private LedgerTask own(Incoming incoming) throws Fault {
        return asking.own(incoming, incoming.call().text("taskId"));
    }

    private boolean put(Push push) {
        return store.put(push, PER_TASK_MAX, clock.instant());
    }

    private Push read(Incoming incoming, JsonNode config) throws Fault {
        var authentication = config.path("authentication");
        var push = new Push(
                new UUID(0, 0),
                text(incoming, config, "id", ID_MAX),
                incoming.call().version(),
                text(incoming, config, "url", TEXT_MAX),
                text(incoming, config, "token", TEXT_MAX),
                text(incoming, authentication, "scheme", TEXT_MAX),
                text(incoming, authentication, "credentials", TEXT_MAX),
                0,
                0);
        try {
            urls.checkWhenNamed(push.url());
        } catch (Refusal notAllowed) {
            throw incoming.fault(ErrorCode.INVALID_PARAMS, String.valueOf(notAllowed.getMessage()));
        }
        return push;
    }

    /// What goes into a header must fit into its line.
    private static String text(Incoming incoming, JsonNode object, String name, int max) throws Fault {
        var value = object.path(name);
        if (value.isMissingNode() || value.isNull()) {
            return "";
        }
        if (!value.isTextual()
                || value.textValue().length() > max
                || !value.textValue().chars().allMatch(each -> each >= ' ' && each <= '~')) {
            throw incoming.fault(
                    ErrorCode.INVALID_PARAMS,
                    "Expected \"" + name + "\" to be printable ASCII of at most " + max + " characters");
        }
        return value.textValue();
    }
}
