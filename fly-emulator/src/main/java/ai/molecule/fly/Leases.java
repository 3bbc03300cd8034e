package ai.molecule.fly;

import ai.molecule.fly.Asked.Reply;
import ai.molecule.protocol.Json;
import java.time.temporal.ChronoUnit;

/// Exclusive rights to change a machine, for a while. Called under the world's lock.
final class Leases {

    static final String OWNER = "emulator@tokens.fly.io";
    private static final int SECONDS = 120;
    private static final int SECONDS_MAX = 3600;

    private final World world;

    Leases(World world) {
        this.world = world;
    }

    /// @throws Refusal 409 when somebody else holds one
    void check(Machine machine, String nonce) {
        var lease = machine.lease;
        if (lease != null
                && lease.expiry().isAfter(world.now())
                && !lease.nonce().equals(nonce)) {
            throw Refusal.aborted("machine ID " + machine.id + " lease currently held by " + lease.owner()
                    + ", expires at " + lease.expiry().truncatedTo(ChronoUnit.SECONDS));
        }
    }

    Reply acquire(Machine machine, Asked asked) {
        check(machine, asked.nonce());
        var ttl = asked.body().path("ttl").asInt(asked.number("ttl", SECONDS));
        if (ttl < 1 || ttl > SECONDS_MAX) {
            throw Refusal.invalid("ttl: expected 1 to " + SECONDS_MAX + " seconds");
        }
        var nonce = asked.nonce().isEmpty() ? Ids.hex(12) : asked.nonce();
        machine.lease = new Machine.Lease(
                nonce,
                world.now().plusSeconds(ttl),
                OWNER,
                asked.body().path("description").asText(""));
        return new Reply(201, envelope(machine, machine.lease));
    }

    Reply show(Machine machine) {
        var lease = machine.lease;
        if (lease == null || !lease.expiry().isAfter(world.now())) {
            throw new Refusal(404, "not_found: lease not found");
        }
        return Reply.ok(envelope(machine, lease));
    }

    Reply release(Machine machine, Asked asked) {
        if (asked.nonce().isEmpty()) {
            throw Refusal.invalid("expected the header fly-machine-lease-nonce");
        }
        check(machine, asked.nonce());
        machine.lease = null;
        var answer = Json.object().put("status", "success");
        answer.putObject("data").put("ok", true);
        return Reply.ok(answer);
    }

    private static com.fasterxml.jackson.databind.JsonNode envelope(Machine machine, Machine.Lease lease) {
        var answer = Json.object().put("status", "success");
        answer.putObject("data")
                .put("nonce", lease.nonce())
                .put("expires_at", lease.expiry().getEpochSecond())
                .put("owner", lease.owner())
                .put("description", lease.description())
                .put("version", machine.instance);
        return answer;
    }
}
