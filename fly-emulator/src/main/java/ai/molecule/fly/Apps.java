package ai.molecule.fly;

import ai.molecule.fly.Asked.Reply;
import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/// Apps, their volumes, secrets and addresses. Called under the world's lock.
final class Apps {

    private final World world;
    private final Clockwork clockwork;

    Apps(World world, Clockwork clockwork) {
        this.world = world;
        this.clockwork = clockwork;
    }

    Reply create(Asked asked) {
        var body = asked.body();
        var name = body.path("name").asText(body.path("app_name").asText(""));
        if (!name.matches("[a-z0-9][a-z0-9-]{0,62}")) {
            throw Refusal.unprocessable(
                    "Validation failed: Name may only contain numbers, lowercase letters and dashes");
        }
        if (world.apps.containsKey(name)) {
            throw new Refusal(422, "name_taken", "Validation failed: Name has already been taken");
        }
        var org = body.path("org_slug").asText(asked.who().org());
        world.apps.put(name, new App(name, org, body.path("network").asText("default")));
        return Reply.nothing(201);
    }

    Reply list(Asked asked) {
        var org = asked.parameter("org_slug").orElse("");
        var answer = Json.object();
        var apps = answer.putArray("apps");
        world.apps.values().stream().filter(app -> app.org.equals(org)).forEach(app -> apps.add(app.toJson()));
        return Reply.ok(answer.put("total_apps", apps.size()));
    }

    Reply show(Asked asked) {
        return Reply.ok(world.app(asked.app()).toJson());
    }

    Reply delete(Asked asked) {
        var app = world.app(asked.app());
        app.machines.values().forEach(machine -> clockwork.destroy(machine, true));
        world.apps.remove(app.name);
        return Reply.nothing(202);
    }

    Reply volumes(Asked asked) {
        var answer = Json.array();
        world.app(asked.app()).volumes.values().forEach(volume -> answer.add(volume.deepCopy()));
        return Reply.ok(answer);
    }

    Reply createVolume(Asked asked) {
        var app = world.app(asked.app());
        var body = asked.body();
        var name = body.path("name").asText("");
        if (!name.matches("[a-z0-9_]{1,30}")) {
            throw Refusal.unprocessable("invalid_argument: a volume's name has at most 30 of a-z, 0-9 and _");
        }
        var region = Region.meant(body.path("region").asText("ord")).stream()
                .filter(world.faults()::takeRoom)
                .findFirst()
                .orElseThrow(() -> new Refusal(400, "no capacity"));
        var id = "vol_" + Ids.hex(16);
        var size = body.path("size_gb").asInt(3);
        var volume = Json.object()
                .put("id", id)
                .put("name", name)
                .put("state", "created")
                .put("region", region)
                .put("zone", Ids.hex(4))
                .put("size_gb", size)
                .put("encrypted", body.path("encrypted").asBoolean(true))
                .put("fstype", body.path("fstype").asText("ext4"))
                .put("host_status", "ok")
                .put("snapshot_retention", body.path("snapshot_retention").asInt(5))
                .put("auto_backup_enabled", body.path("auto_backup_enabled").asBoolean(true))
                .put("created_at", world.now().truncatedTo(ChronoUnit.MILLIS).toString());
        app.volumes.put(id, volume);
        return Reply.ok(volume.deepCopy());
    }

    Reply showVolume(Asked asked) {
        return Reply.ok(volume(asked).deepCopy());
    }

    Reply deleteVolume(Asked asked) {
        var volume = volume(asked);
        if (volume.path("attached_machine_id").isTextual()) {
            throw Refusal.precondition("volume is attached to machine "
                    + volume.path("attached_machine_id").asText());
        }
        world.app(asked.app()).volumes.remove(asked.id());
        world.runner().forgetVolume(asked.id());
        return Reply.ok(volume.put("state", "pending_destroy").deepCopy());
    }

    Reply extendVolume(Asked asked) {
        var volume = volume(asked);
        var size = asked.body().path("size_gb").asInt(0);
        if (size < volume.path("size_gb").asInt()) {
            throw Refusal.invalid("size_gb: a volume only grows");
        }
        var answer = Json.object().put("needs_restart", true);
        answer.set("volume", volume.put("size_gb", size).deepCopy());
        return Reply.ok(answer);
    }

    private ObjectNode volume(Asked asked) {
        var volume = world.app(asked.app()).volumes.get(asked.id());
        if (volume == null) {
            throw new Refusal(404, "not_found: volume not found");
        }
        return volume;
    }

    Reply secrets(Asked asked) {
        var app = world.app(asked.app());
        var answer = Json.object();
        var listed = answer.putArray("secrets");
        app.secrets.forEach((name, value) -> listed.add(secret(name, value, asked.flag("show_secrets"))));
        return Reply.ok(answer);
    }

    Reply secret(Asked asked) {
        var value = world.app(asked.app()).secrets.get(asked.key());
        if (value == null) {
            throw new Refusal(404, "not_found: secret not found");
        }
        return Reply.ok(secret(asked.key(), value, asked.flag("show_secrets")));
    }

    /// Sets several; null ends one.
    Reply updateSecrets(Asked asked) {
        var app = world.app(asked.app());
        var answer = Json.object();
        var listed = answer.putArray("secrets");
        for (var one : asked.body().path("values").properties()) {
            set(app, one.getKey(), one.getValue());
        }
        app.secrets.forEach((name, value) -> listed.add(secret(name, value, false)));
        app.secretsVersion++;
        return Reply.ok(answer.put("version", app.secretsVersion).put("Version", app.secretsVersion));
    }

    Reply setSecret(Asked asked) {
        var app = world.app(asked.app());
        set(app, asked.key(), asked.body().path("value"));
        app.secretsVersion++;
        var answer = secret(asked.key(), app.secrets.getOrDefault(asked.key(), ""), false);
        return new Reply(201, answer.put("version", app.secretsVersion).put("Version", app.secretsVersion));
    }

    Reply deleteSecret(Asked asked) {
        var app = world.app(asked.app());
        if (app.secrets.remove(asked.key()) == null) {
            throw new Refusal(404, "not_found: secret not found");
        }
        app.secretsVersion++;
        return Reply.ok(Json.object().put("version", app.secretsVersion).put("Version", app.secretsVersion));
    }

    private static void set(App app, String name, JsonNode value) {
        if (!name.matches("[A-Za-z_][A-Za-z0-9_]*")) {
            throw Refusal.invalid("invalid secret name \"" + name + "\"");
        }
        if (value.isNull()) {
            app.secrets.remove(name);
        } else {
            app.secrets.put(name, value.asText());
        }
    }

    private ObjectNode secret(String name, String value, boolean shown) {
        var json = Json.object()
                .put("name", name)
                .put("digest", Ids.digest(value).substring(7, 23))
                .put("created_at", world.now().truncatedTo(ChronoUnit.SECONDS).toString());
        return shown ? json.put("value", value) : json;
    }

    Reply addresses(Asked asked) {
        var answer = Json.object();
        var listed = answer.putArray("ips");
        world.app(asked.app()).addresses.values().forEach(listed::add);
        return Reply.ok(answer.deepCopy());
    }

    Reply assign(Asked asked) {
        var app = world.app(asked.app());
        var type = asked.body().path("type").asText("v6").toLowerCase(Locale.ROOT);
        var number = app.addresses.size() + 1;
        var ip = switch (type) {
            case "v4", "shared_v4" -> "198.51.100." + number;
            case "v6" -> "2001:db8::" + number;
            case "private_v6" -> "fdaa:0:1::" + number;
            default -> throw Refusal.invalid("unknown type \"" + type + "\"");
        };
        var address = Json.object()
                .put("ip", ip)
                .put("region", asked.body().path("region").asText("global"))
                .put("shared", type.equals("shared_v4"))
                .put("created_at", world.now().truncatedTo(ChronoUnit.SECONDS).toString());
        app.addresses.put(ip, address);
        return Reply.ok(address.deepCopy());
    }

    Reply release(Asked asked) {
        if (world.app(asked.app()).addresses.remove(asked.key()) == null) {
            throw new Refusal(404, "not_found: ip not found");
        }
        return Reply.nothing(204);
    }

    /// Whether there is room, without taking it.
    Reply place(Asked asked) {
        var body = asked.body();
        if (body.path("org_slug").asText("").isEmpty()) {
            throw Refusal.invalid("org_slug: expected one");
        }
        var answer = Json.object();
        var regions = answer.putArray("regions");
        Region.meant(body.path("region").asText("any"))
                .forEach(code -> regions.addObject()
                        .put("region", code)
                        .put("count", body.path("count").asInt(1))
                        .put("concurrency", 1));
        return Reply.ok(answer);
    }

    Reply token(Asked asked) {
        var answer = Json.object();
        var one = answer.putArray("tokens")
                .addObject()
                .put("token_id", "emulated")
                .put("org_slug", asked.who().org())
                .put("organization", asked.who().org())
                .put("user", "");
        var apps = one.putArray("apps");
        if (!asked.who().app().isEmpty()) {
            apps.add(asked.who().app());
        }
        return Reply.ok(answer);
    }

    /// What machines wrote, as Fly's log service tells it.
    Reply logs(Asked asked) {
        var app = world.app(asked.app());
        var instance = asked.parameter("instance").orElse("");
        var known = asked.number("next_token", 0);
        var answer = Json.object();
        var data = answer.putArray("data");
        app.machines.values().stream()
                .filter(machine -> instance.isEmpty() || machine.id.equals(instance))
                .forEach(machine -> world.runner().log(machine.id).stream()
                        .skip(known)
                        .forEach(line -> {
                            var one = data.addObject().put("id", machine.id).put("type", "log");
                            one.putObject("attributes")
                                    .put("message", line)
                                    .put("instance", machine.id)
                                    .put("region", machine.region)
                                    .put("level", "info")
                                    .put("timestamp", world.now().toString());
                        }));
        answer.putObject("meta").put("next_token", String.valueOf(known + data.size()));
        return Reply.ok(answer);
    }
}
