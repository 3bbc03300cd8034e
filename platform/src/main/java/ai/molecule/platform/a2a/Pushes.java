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
import java.util.UUID;

/// The push notifications that callers ask for. Agents never see where they go, nor what is shown there.
public final class Pushes {

    static final int PER_TASK_MAX = 20;

    private static final int TEXT_MAX = 2000;

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

    /// A configuration that came with a message, checked, to be kept once the task is there.
    interface Checked {
        void keep(UUID task);
    }

    /// Checks what came with a message; where nothing came, nothing will be kept.
    Checked check(Incoming incoming, JsonNode config) throws Fault {
        if (!config.isObject()) {
            return task -> {};
        }
        var push = read(incoming, new UUID(0, 0), 1, config);
        return task -> put(new Push(
                task, push.id(), push.version(), push.url(), push.token(), push.scheme(), push.credentials(), 1, 0));
    }

    ObjectNode create(Incoming incoming) throws Fault {
        var task = own(incoming);
        var push = read(incoming, task.id(), task.seq(), incoming.call().params());
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

    private Push read(Incoming incoming, UUID task, long sent, JsonNode config) throws Fault {
        var authentication = config.path("authentication");
        var id = text(incoming, config, "id");
        var push = new Push(
                task,
                id.isEmpty() ? UUID.randomUUID().toString() : id,
                incoming.call().version(),
                text(incoming, config, "url"),
                text(incoming, config, "token"),
                text(incoming, authentication, "scheme"),
                text(incoming, authentication, "credentials"),
                sent,
                0);
        try {
            urls.checkWhenNamed(push.url());
        } catch (Refusal notAllowed) {
            throw incoming.fault(ErrorCode.INVALID_PARAMS, String.valueOf(notAllowed.getMessage()));
        }
        return push;
    }

    /// What goes into a header must stay in its line.
    private static String text(Incoming incoming, JsonNode object, String name) throws Fault {
        var value = object.path(name);
        if (value.isMissingNode() || value.isNull()) {
            return "";
        }
        if (!value.isTextual()
                || value.textValue().length() > TEXT_MAX
                || value.textValue().chars().anyMatch(Character::isISOControl)) {
            throw incoming.fault(
                    ErrorCode.INVALID_PARAMS,
                    "Expected \"" + name + "\" to be a line of text of at most " + TEXT_MAX + " characters");
        }
        return value.textValue();
    }
}
