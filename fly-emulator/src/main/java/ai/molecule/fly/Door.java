package ai.molecule.fly;

import ai.molecule.fly.Asked.Reply;
import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// The API's door: who calls, how often, what goes wrong on purpose, which operation, and what is answered.
final class Door {

    private static final int BODY_BYTES_MAX = 32 * 1024 * 1024;

    private final World world;
    private final Map<String, Credential> tokens;
    private final Paces paces;
    private final boolean limited;
    private final Machines machines;
    private final Leases leases;
    private final Apps apps;
    private final Calls calls;
    private final Witness witness;
    private final AtomicLong requests = new AtomicLong();

    Door(World world, FlyEmulator.Options options, Clockwork clockwork, Calls calls, Witness witness) {
        this.world = world;
        this.tokens = options.tokens();
        this.paces = new Paces(options.clock());
        this.limited = options.limited();
        this.machines = new Machines(world, clockwork, new Addresses());
        this.leases = new Leases(world);
        this.apps = new Apps(world, clockwork);
        this.calls = calls;
        this.witness = witness;
    }

    void serve(HttpExchange exchange) throws IOException {
        var id = Ids.ulid(world.now()) + "-ord";
        exchange.getResponseHeaders().set("fly-request-id", id);
        exchange.getResponseHeaders().set("fly-span-id", Ids.hex(16));
        exchange.getResponseHeaders().set("server", "Fly/emulator-" + requests.incrementAndGet());
        var path = exchange.getRequestURI().getRawPath();
        var body = exchange.getRequestBody().readNBytes(BODY_BYTES_MAX + 1);
        var called = Operation.of(exchange.getRequestMethod(), path).orElse(null);
        if (called == null || (called.operation() == Operation.LIST_APPS && !asksForOrganisation(exchange))) {
            text(exchange, 404, "404 page not found\n");
            return;
        }
        calls.count(called.operation());
        var fault = world.faults().meet(called.operation(), called.name("id")).orElse(null);
        if (fault != null && !world.pause(fault.delay())) {
            return;
        }
        if (fault != null && !fault.after()) {
            fail(exchange, fault);
            return;
        }
        var reply = answered(exchange, called, body);
        witness.saw(exchange, body, reply);
        if (fault != null && (fault.cut() || fault.status() != 0)) {
            fail(exchange, fault);
        } else {
            send(exchange, reply);
        }
    }

    private static boolean asksForOrganisation(HttpExchange exchange) {
        var query = exchange.getRequestURI().getRawQuery();
        return query != null && query.contains("org_slug=");
    }

    private void fail(HttpExchange exchange, Fault fault) throws IOException {
        if (fault.cut()) {
            throw new IOException("cut on purpose");
        }
        text(exchange, fault.status(), fault.body());
    }

    private Reply answered(HttpExchange exchange, Operation.Called called, byte[] body) throws IOException {
        try {
            return answer(asked(exchange, called, body));
        } catch (Refusal refused) {
            if (refused.status() == 429) {
                calls.limit();
            }
            if (refused.status() == 401) {
                exchange.getResponseHeaders().set("www-authenticate", "Basic realm=\"api.machines.dev\"");
            }
            return new Reply(refused.status(), refused.body());
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw new IOException("the emulator stops", stopping);
        }
    }

    private Asked asked(HttpExchange exchange, Operation.Called called, byte[] body) {
        var headers = exchange.getRequestHeaders();
        var operation = called.operation();
        var who = operation.open()
                ? Credential.readOnly("")
                : Credential.of(first(headers.getFirst("Authorization")), tokens);
        if (body.length > BODY_BYTES_MAX) {
            throw new Refusal(413, "invalid_argument: request body too large");
        }
        var query = Asked.query(first(exchange.getRequestURI().getRawQuery()));
        var asked = new Asked(called, query, json(body), first(headers.getFirst("fly-machine-lease-nonce")), who);
        var org = world.asked(() -> {
            var app = world.apps.get(asked.app());
            return app == null ? called.name("org") : app.org;
        });
        if (!operation.open()) {
            who.check(operation, org, operation == Operation.LIST_ORG_MACHINES ? who.app() : asked.app());
        }
        if (limited) {
            switch (operation.limited()) {
                case NOT -> {}
                case BY_APP -> paces.take(operation, asked.app() + called.name("org"));
                case BY_MACHINE -> paces.take(operation, asked.id());
            }
        }
        return asked;
    }

    private static String first(@Nullable String value) {
        return value == null ? "" : value;
    }

    private static JsonNode json(byte[] body) {
        if (body.length == 0) {
            return Json.object();
        }
        try {
            return Json.read(body);
        } catch (Json.MalformedException bad) {
            throw Refusal.invalid("unable to parse request body: " + bad.getMessage());
        }
    }

    private Reply answer(Asked asked) throws IOException, InterruptedException {
        return switch (asked.operation()) {
            case WAIT_MACHINE -> machines.await(asked);
            case EXEC -> machines.exec(asked);
            case LIST_REGIONS -> Reply.ok(Region.list());
            default -> world.asked(() -> settled(asked));
        };
    }

    /// What is answered at once, under the lock.
    private Reply settled(Asked asked) {
        return switch (asked.operation()) {
            case LIST_REGIONS, WAIT_MACHINE, EXEC -> throw new IllegalStateException("answered elsewhere");
            case PLACE -> apps.place(asked);
            case CURRENT_TOKEN -> apps.token(asked);
            case LIST_ORG_MACHINES -> machines.listOrganisation(asked);
            case LIST_APPS -> apps.list(asked);
            case CREATE_APP -> apps.create(asked);
            case GET_APP -> apps.show(asked);
            case DELETE_APP -> apps.delete(asked);
            case LIST_MACHINES -> machines.list(asked);
            case CREATE_MACHINE -> machines.create(asked);
            case GET_MACHINE -> machines.show(machine(asked));
            case LIST_EVENTS -> machines.events(machine(asked), asked);
            case LIST_VERSIONS -> machines.versions(machine(asked));
            case GET_METADATA -> machines.metadata(machine(asked));
            case GET_METADATA_KEY -> machines.metadata(machine(asked), asked.key());
            case LIST_PROCESSES -> Reply.ok(Json.array());
            case GET_LEASE -> leases.show(machine(asked));
            case ACQUIRE_LEASE -> leases.acquire(machine(asked), asked);
            case RELEASE_LEASE -> leases.release(machine(asked), asked);
            case UPDATE_MACHINE,
                    DESTROY_MACHINE,
                    START_MACHINE,
                    STOP_MACHINE,
                    SUSPEND_MACHINE,
                    RESTART_MACHINE,
                    SIGNAL_MACHINE,
                    CORDON_MACHINE,
                    UNCORDON_MACHINE,
                    REPLACE_METADATA,
                    MERGE_METADATA,
                    SET_METADATA_KEY,
                    DELETE_METADATA_KEY -> changed(asked);
            case LIST_VOLUMES -> apps.volumes(asked);
            case CREATE_VOLUME -> apps.createVolume(asked);
            case GET_VOLUME -> apps.showVolume(asked);
            case DELETE_VOLUME -> apps.deleteVolume(asked);
            case EXTEND_VOLUME -> apps.extendVolume(asked);
            case LIST_SECRETS -> apps.secrets(asked);
            case UPDATE_SECRETS -> apps.updateSecrets(asked);
            case GET_SECRET -> apps.secret(asked);
            case SET_SECRET -> apps.setSecret(asked);
            case DELETE_SECRET -> apps.deleteSecret(asked);
            case LIST_IPS -> apps.addresses(asked);
            case ASSIGN_IP -> apps.assign(asked);
            case RELEASE_IP -> apps.release(asked);
            case READ_LOGS -> apps.logs(asked);
        };
    }

    /// Changes of a machine, which somebody may hold a lease of.
    private Reply changed(Asked asked) {
        var machine = machine(asked);
        leases.check(machine, asked.nonce());
        if (!machine.hostStatus.equals("ok")) {
            throw new Refusal(408, "deadline_exceeded: host is not answering");
        }
        return switch (asked.operation()) {
            case UPDATE_MACHINE -> machines.update(machine, asked);
            case DESTROY_MACHINE -> machines.destroy(machine, asked);
            case START_MACHINE -> machines.start(machine);
            case STOP_MACHINE -> machines.stop(machine, asked);
            case SUSPEND_MACHINE -> machines.suspend(machine);
            case RESTART_MACHINE -> machines.restart(machine, asked);
            case SIGNAL_MACHINE -> machines.signal(machine, asked);
            case CORDON_MACHINE -> machines.cordon(machine, true);
            case UNCORDON_MACHINE -> machines.cordon(machine, false);
            case REPLACE_METADATA -> machines.changeMetadata(machine, asked, true);
            case MERGE_METADATA -> machines.changeMetadata(machine, asked, false);
            case SET_METADATA_KEY ->
                machines.setMetadata(machine, asked.key(), asked.body().path("value"));
            case DELETE_METADATA_KEY -> machines.deleteMetadata(machine, asked.key());
            default -> throw new IllegalStateException(asked.operation() + " changes no machine");
        };
    }

    private Machine machine(Asked asked) {
        return world.machine(asked.app(), asked.id());
    }

    private static void send(HttpExchange exchange, Reply reply) throws IOException {
        var json = reply.json();
        if (json == null) {
            exchange.sendResponseHeaders(reply.status(), -1);
            return;
        }
        exchange.getResponseHeaders().set("Content-Type", "application/json; charset=utf-8");
        bytes(exchange, reply.status(), Json.bytes(json));
    }

    private static void text(HttpExchange exchange, int status, String text) throws IOException {
        exchange.getResponseHeaders()
                .set(
                        "Content-Type",
                        text.startsWith("{") || text.startsWith("[")
                                ? "application/json; charset=utf-8"
                                : "text/plain; charset=utf-8");
        bytes(exchange, status, text.getBytes(StandardCharsets.UTF_8));
    }

    private static void bytes(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        if (body.length > 0) {
            exchange.getResponseBody().write(body);
        }
    }
}
