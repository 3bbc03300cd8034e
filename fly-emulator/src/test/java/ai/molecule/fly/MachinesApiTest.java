package ai.molecule.fly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The API as its clients see it; both sides of every exchange fit Fly's own description.
class MachinesApiTest {

    private static final String MACHINES = Flaps.MACHINES;

    private FlyEmulator emulator;
    private Flaps fly;
    private Optional<FlySpec> spec = Optional.empty();

    @BeforeEach
    void open() throws Exception {
        open(FlyEmulator.Options.quick());
    }

    private void open(FlyEmulator.Options options) throws Exception {
        emulator = FlyEmulator.open(options);
        fly = new Flaps(emulator.url(), "FlyV1 fm2_deploy");
        spec = FlySpec.find();
        spec.ifPresent(emulator::watch);
    }

    @AfterEach
    void everyExchangeFitsTheDescription() {
        emulator.close();
        spec.ifPresent(found -> assertThat(found.violations()).isEmpty());
    }

    @Test
    void aMachineIsCreatedStoppedStartedSuspendedResumedAndDestroyed() throws Exception {
        var id = fly.started("one", "");
        var machine = fly.call("GET", MACHINES + "/" + id).json();
        assertThat(machine.path("region").asText()).isEqualTo("ams");
        assertThat(machine.path("private_ip").asText()).startsWith("127.");
        assertThat(machine.path("events").path(0).path("status").asText()).isEqualTo("started");
        for (var step : new String[][] {
            {"stop", "stopped"}, {"start", "started"}, {"suspend", "suspended"}, {"start", "started"}
        }) {
            await().until(() ->
                    fly.call("POST", MACHINES + "/" + id + "/" + step[0]).status() == 200);
            fly.reach(id, step[1]);
        }
        assertThat(fly.call("DELETE", MACHINES + "/" + id).error())
                .isEqualTo("failed_precondition: unable to destroy machine, not currently stopped, suspended, failed"
                        + " or created");
        assertThat(fly.call("DELETE", MACHINES + "/" + id + "?force=true").status())
                .isEqualTo(200);
        await().until(() -> fly.call("GET", MACHINES + "/" + id).status() == 404);
        assertThat(fly.call("GET", MACHINES).json()).isEmpty();
        assertThat(fly.call("GET", MACHINES + "?include_deleted=true").json()).hasSize(1);
    }

    @Test
    void aNameIsTakenUntilItsMachineIsGone() throws Exception {
        var id = fly.started("one", "");
        var second = fly.call("POST", MACHINES, Flaps.machine("one", ""));
        assertThat(second.status()).isEqualTo(409);
        assertThat(second.error())
                .isEqualTo("already_exists: unique machine name violation, machine ID " + id
                        + " already exists with name \"one\"");
    }

    @Test
    void anUpdateIsAnotherVersionAndAnotherBoot() throws Exception {
        emulator.close();
        open(FlyEmulator.Options.quick().paced(Timings.REAL));
        var id = fly.started("one", "");
        var first =
                fly.call("GET", MACHINES + "/" + id).json().path("instance_id").asText();
        var update = Flaps.machine("one", ", \"env\": {\"A\": \"2\"}");
        var stale = update.replaceFirst("\\{", "{\"current_version\": \"01HXXXXXXXXXXXXXXXXXXXXXXX\", ");
        assertThat(fly.call("POST", MACHINES + "/" + id, stale).status()).isEqualTo(409);
        var updated = fly.call("POST", MACHINES + "/" + id, update).json();
        var second = updated.path("instance_id").asText();
        assertThat(second).hasSize(26).isNotEqualTo(first);
        assertThat(fly.call("POST", MACHINES + "/" + id + "/start").error())
                .isEqualTo("failed_precondition: machine getting replaced, refusing to start");
        assertThat(fly.call("GET", MACHINES + "/" + id + "/wait?state=started&version=" + second)
                        .status())
                .isEqualTo(200);
        assertThat(fly.call("GET", MACHINES + "/" + id + "/versions").json()).hasSize(2);
        fly.call("POST", MACHINES + "/" + id + "/stop");
        fly.reach(id, "stopped");
        fly.call("POST", MACHINES + "/" + id, update);
        fly.reach(id, "stopped");
    }

    @Test
    void metadataChangesWithoutAnotherVersion() throws Exception {
        var id = fly.started("one", "");
        var version =
                fly.call("GET", MACHINES + "/" + id).json().path("instance_id").asText();
        assertThat(fly.call("POST", MACHINES + "/" + id + "/metadata/color", "{\"value\": \"red\"}")
                        .status())
                .isEqualTo(204);
        assertThat(fly.call("GET", MACHINES + "/" + id + "/metadata/color")
                        .json()
                        .path("value")
                        .asText())
                .isEqualTo("red");
        assertThat(fly.call(
                                "PATCH",
                                MACHINES + "/" + id + "/metadata",
                                "{\"metadata\": {\"size\": \"xl\"}, \"machine_version\": \"" + version + "\"}")
                        .status())
                .isEqualTo(204);
        assertThat(fly.call(
                                "PUT",
                                MACHINES + "/" + id + "/metadata",
                                "{\"metadata\": {}, \"machine_version\": \"other\"}")
                        .status())
                .isEqualTo(412);
        assertThat(fly.call("GET", MACHINES + "/" + id + "/metadata").json().size())
                .isEqualTo(3);
        assertThat(fly.call("GET", MACHINES + "?metadata.color=red").json()).hasSize(1);
        assertThat(fly.call("GET", MACHINES + "?metadata.color=blue").json()).isEmpty();
        assertThat(fly.call("DELETE", MACHINES + "/" + id + "/metadata/color").status())
                .isEqualTo(204);
        assertThat(fly.call("GET", MACHINES + "/" + id + "/metadata/color").status())
                .isEqualTo(404);
        assertThat(fly.call("GET", MACHINES + "/" + id)
                        .json()
                        .path("instance_id")
                        .asText())
                .isEqualTo(version);
    }

    @Test
    void whoHoldsALeaseChangesAloneUntilItEnds() throws Exception {
        var id = fly.started("one", "");
        var lease = fly.call("POST", MACHINES + "/" + id + "/lease", "{\"ttl\": 60}");
        assertThat(lease.status()).isEqualTo(201);
        var nonce = lease.json().path("data").path("nonce").asText();
        var refused = fly.call("POST", MACHINES + "/" + id + "/stop");
        assertThat(refused.status()).isEqualTo(409);
        assertThat(refused.error()).contains("machine ID " + id + " lease currently held by", "expires at 20");
        assertThat(fly.call("POST", MACHINES + "/" + id + "/lease", "{\"ttl\": 60}")
                        .status())
                .isEqualTo(409);
        assertThat(fly.call("POST", MACHINES + "/" + id + "/stop", null, "fly-machine-lease-nonce", nonce)
                        .status())
                .isEqualTo(200);
        assertThat(fly.call("DELETE", MACHINES + "/" + id + "/lease", null, "fly-machine-lease-nonce", nonce)
                        .status())
                .isEqualTo(200);
        assertThat(fly.call("GET", MACHINES + "/" + id + "/lease").status()).isEqualTo(404);
    }

    @Test
    void whoWaitsTooLongIsToldWhatTheMachineDoes() throws Exception {
        var id = fly.started("one", "");
        var late = fly.call("GET", MACHINES + "/" + id + "/wait?state=stopped&timeout=1");
        assertThat(late.status()).isEqualTo(408);
        assertThat(late.error())
                .isEqualTo("deadline_exceeded: machine failed to reach desired state, stopped, currently started");
        assertThat(fly.call("GET", MACHINES + "/" + id + "/wait?state=asleep").status())
                .isEqualTo(400);
        assertThat(fly.call("GET", MACHINES + "/0000/wait?state=started").status())
                .isEqualTo(404);
    }

    @Test
    void crashesAreEventsAndAreRetriedAsThePolicySays() throws Exception {
        var id = fly.started("one", ", \"restart\": {\"policy\": \"on-failure\", \"max_retries\": 1}");
        emulator.crash(id, 3, false);
        await().until(() ->
                fly.call("GET", MACHINES + "/" + id + "/events").text().contains("restart_count"));
        fly.reach(id, "started");
        emulator.crash(id, 137, true);
        fly.reach(id, "stopped");
        var exits = new java.util.ArrayList<com.fasterxml.jackson.databind.JsonNode>();
        for (var event : fly.call("GET", MACHINES + "/" + id + "/events").json()) {
            if (event.path("type").asText().equals("exit")) {
                exits.add(event.path("request"));
            }
        }
        assertThat(exits).hasSize(2);
        assertThat(exits.getLast().path("exit_event").path("exit_code").asInt()).isEqualTo(3);
        assertThat(exits.getLast().path("exit_event").path("restarting").asBoolean())
                .isTrue();
        assertThat(exits.getFirst().path("exit_event").path("oom_killed").asBoolean())
                .isTrue();
        assertThat(exits.getFirst().path("exit_event").path("restarting").asBoolean())
                .isFalse();
    }

    @Test
    void configurationsThatCannotBeAreRefused() throws Exception {
        for (var bad : Map.of(
                        "{\"image\": \"\"}", 422,
                        "{\"image\": \"a\", \"guest\": {\"memory_mb\": 300}}", 422,
                        "{\"image\": \"a\", \"guest\": {\"cpus\": 3}}", 422,
                        "{\"image\": \"a\", \"guest\": {\"cpus\": 1, \"memory_mb\": 4096}}", 422,
                        "{\"image\": \"a\", \"guest\": {\"cpu_kind\": \"quantum\"}}", 422,
                        "{\"image\": \"a\", \"mounts\": [{\"volume\": \"v\", \"path\": \"/a\"}, {\"volume\": \"w\", \"path\": \"/b\"}]}",
                                400,
                        "{\"image\": \"a\", \"services\": [{\"internal_port\": 1, \"autostart\": \"yes\"}]}", 400,
                        "{\"image\": \"a\", \"env\": {\"A\": 1}}", 400)
                .entrySet()) {
            var answer = fly.call("POST", MACHINES, "{\"config\": " + bad.getKey() + "}");
            assertThat(answer.status()).as(bad.getKey()).isEqualTo(bad.getValue());
        }
        assertThat(fly.call("POST", MACHINES, "{").status()).isEqualTo(400);
        assertThat(fly.call("POST", MACHINES, Flaps.machine("x", "").replace("ams", "moon"))
                        .status())
                .isEqualTo(422);
    }

    @Test
    void capacityEndsByRegionByHostAndByQuota() throws Exception {
        emulator.faults().room("ams", 0);
        var full = fly.call("POST", MACHINES, Flaps.machine("one", ""));
        assertThat(full.status()).isEqualTo(422);
        assertThat(full.json().path("status").asText()).isEqualTo("insufficient_capacity");
        var next = fly.call("POST", MACHINES, Flaps.machine("one", "").replace("\"ams\"", "\"ams,fra\""));
        assertThat(next.json().path("region").asText()).isEqualTo("fra");
        var id = next.json().path("id").asText();
        fly.reach(id, "started");
        fly.call("POST", MACHINES + "/" + id + "/stop");
        fly.reach(id, "stopped");
        emulator.faults().fillHost(id);
        await().until(() ->
                fly.call("POST", MACHINES + "/" + id + "/start").error().contains("could not reserve resource"));
        emulator.faults().machinesMax(1);
        assertThat(fly.call("POST", MACHINES, Flaps.machine("two", "").replace("ams", "fra"))
                        .error())
                .contains("reached its machine limit");
    }

    @Test
    void volumesSecretsAndAddressesAreKept() throws Exception {
        var volume = fly.call(
                        "POST", "/v1/apps/agents/volumes", "{\"name\": \"data\", \"region\": \"ams\", \"size_gb\": 1}")
                .json()
                .path("id")
                .asText();
        var id = fly.started("one", ", \"mounts\": [{\"volume\": \"" + volume + "\", \"path\": \"/data\"}]");
        assertThat(fly.call("DELETE", "/v1/apps/agents/volumes/" + volume).status())
                .isEqualTo(412);
        assertThat(fly.call("GET", "/v1/apps/agents/volumes").json()).hasSize(1);
        fly.call("DELETE", MACHINES + "/" + id + "?force=true");
        await().until(() ->
                fly.call("DELETE", "/v1/apps/agents/volumes/" + volume).status() == 200);
        var set = fly.call("POST", "/v1/apps/agents/secrets", "{\"values\": {\"A\": \"1\", \"B\": \"2\"}}")
                .json();
        assertThat(set.path("version").asInt()).isEqualTo(1);
        assertThat(fly.call("POST", "/v1/apps/agents/secrets/C", "{\"value\": \"3\"}")
                        .status())
                .isEqualTo(201);
        assertThat(fly.call("GET", "/v1/apps/agents/secrets").text())
                .contains("\"A\"")
                .doesNotContain("\"value\"");
        assertThat(fly.call("GET", "/v1/apps/agents/secrets/A?show_secrets=true")
                        .json()
                        .path("value")
                        .asText())
                .isEqualTo("1");
        assertThat(fly.call("DELETE", "/v1/apps/agents/secrets/A").status()).isEqualTo(200);
        assertThat(fly.call("POST", "/v1/apps/agents/ip_assignments", "{\"type\": \"shared_v4\"}")
                        .json()
                        .path("shared")
                        .asBoolean())
                .isTrue();
        assertThat(fly.call("GET", "/v1/apps/agents/ip_assignments").json().path("ips"))
                .hasSize(2);
    }

    @Test
    void credentialsAreReadAsFlyReadsThem() throws Exception {
        emulator.close();
        emulator = FlyEmulator.open(FlyEmulator.Options.quick()
                .knowing(Map.of(
                        "fm2_deploy", Credential.deploy("acme", "agents"),
                        "fm2_read", Credential.readOnly("acme"),
                        "fm2_old", Credential.expired("acme"),
                        "fm2_other", Credential.deploy("else", "others"),
                        "personal", Credential.organisation("acme"))));
        for (var one : Map.of(
                        "FlyV1 fm2_deploy", 200,
                        "Bearer FlyV1 fm2_deploy", 200,
                        "FlyV1 fm2_unknown,fm2_deploy", 200,
                        "Bearer FlyV1fm2_deploy", 401,
                        "Bearer fm2_deploy", 401,
                        "Bearer personal", 200,
                        "FlyV1 fm2_old", 401,
                        "FlyV1 fm2_other", 403,
                        "FlyV1 fm2_read", 200)
                .entrySet()) {
            var answer = new Flaps(emulator.url(), one.getKey()).call("GET", MACHINES);
            assertThat(answer.status()).as(one.getKey()).isEqualTo(one.getValue());
            assertThat(answer.raw().headers().firstValue("fly-request-id")).isPresent();
        }
        var reader = new Flaps(emulator.url(), "FlyV1 fm2_read");
        assertThat(reader.call("POST", MACHINES, Flaps.machine("x", "")).status())
                .isEqualTo(403);
        assertThat(new Flaps(emulator.url(), "nobody")
                        .call("GET", "/v1/platform/regions")
                        .status())
                .isEqualTo(200);
        var unknown = new Flaps(emulator.url(), "nobody").call("GET", "/v1/nothing");
        assertThat(unknown.status()).isEqualTo(404);
        assertThat(unknown.text()).isEqualTo("404 page not found\n");
    }

    @Test
    void tooManyCallsAreRefused() throws Exception {
        emulator.close();
        open(FlyEmulator.Options.quick().limitedAsFly());
        var refused = 0;
        for (var i = 0; i < 6; i++) {
            refused += fly.call("GET", MACHINES).status() == 429 ? 1 : 0;
        }
        assertThat(refused).isBetween(2, 3);
    }

    @Test
    void whatGoesWrongOnPurposeDoesSoBeforeOrAfterItsEffect() throws Exception {
        emulator.faults().add(Fault.refuse(Operation.CREATE_MACHINE, 1, 503, "upstream gone"));
        emulator.faults()
                .add(Fault.refuseAfter(Operation.CREATE_MACHINE, 1, 408, "{\"error\": \"deadline_exceeded\"}"));
        assertThat(fly.call("POST", MACHINES, Flaps.machine("one", "")).text()).isEqualTo("upstream gone");
        assertThat(emulator.machines()).isEmpty();
        assertThat(fly.call("POST", MACHINES, Flaps.machine("one", "")).status())
                .isEqualTo(408);
        assertThat(emulator.machines()).hasSize(1);
        emulator.faults().add(Fault.cutAfter(Operation.CREATE_MACHINE, 1));
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> fly.call("POST", MACHINES, Flaps.machine("two", "")))
                .isInstanceOf(java.io.IOException.class);
        assertThat(emulator.machines()).hasSize(2);
    }

    @Test
    void anOrganisationIsListedInPagesAndByWhatChanged() throws Exception {
        for (var name : new String[] {"one", "two", "three"}) {
            fly.started(name, "");
        }
        var first = fly.call("GET", "/v1/orgs/acme/machines?limit=2").json();
        assertThat(first.path("machines")).hasSize(2);
        var rest = fly.call(
                        "GET",
                        "/v1/orgs/acme/machines?limit=2&cursor="
                                + first.path("next_cursor").asText())
                .json();
        assertThat(rest.path("machines")).hasSize(1);
        assertThat(rest.has("next_cursor")).isFalse();
        var now = java.time.Instant.now().plus(Duration.ofSeconds(1));
        assertThat(fly.call("GET", "/v1/orgs/acme/machines?updated_after=" + now)
                        .json()
                        .path("machines"))
                .isEmpty();
        emulator.faults().silence("ams");
        var partial = fly.call("GET", "/v1/orgs/acme/machines").json();
        assertThat(partial.path("machines")).isEmpty();
        assertThat(partial.path("error_regions").path(0).asText()).isEqualTo("ams");
    }
}
