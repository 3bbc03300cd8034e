package ai.molecule.platform.edge;

import static ai.molecule.platform.edge.Route.Who.ADMIN;
import static ai.molecule.platform.edge.Route.Who.WORKSPACE;

import ai.molecule.platform.configuration.Configurations;
import ai.molecule.platform.configuration.Configurations.Kept;
import ai.molecule.protocol.Configuration;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.Wire;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What agents are configured with. Agents read their own; only the operator writes, against the version that was
/// read where `If-Match` says which.
public final class ConfigurationRoutes {

    private static final String PATH = "/workspaces/{id}/configuration";

    /// Four bytes for each character, and what JSON adds.
    private static final int BYTES_MAX = 6 * Configuration.LENGTH_MAX;

    private static final int FILE_BYTES_MAX = 6 * Configuration.FILE_LENGTH_MAX;

    private final Configurations configurations;

    public ConfigurationRoutes(Configurations configurations) {
        this.configurations = configurations;
    }

    /// Its routes.
    public List<Route> routes() {
        return List.of(
                new Route(Method.GET, PATH, WORKSPACE, this::read),
                new Route(Method.PUT, PATH, ADMIN, this::replace),
                new Route(Method.PUT, PATH + "/{+path}", ADMIN, this::save),
                new Route(Method.DELETE, PATH + "/{+path}", ADMIN, this::delete));
    }

    private Answer read(Call call) {
        var kept = configurations.of(call.id());
        if (mark(call, HeaderNames.IF_NONE_MATCH).equals(kept.mark())) {
            return new Answer.Body(304, "application/json", new byte[0], Map.of("ETag", tag(kept)));
        }
        return answer(kept);
    }

    private Answer save(Call call) {
        var wire = Wire.of(call.jsonUpTo(FILE_BYTES_MAX));
        if (!wire.has("content")) {
            throw new Refusal(Reason.INVALID_FIELD, "Expected \"content\", the file's text");
        }
        return answer(configurations.save(
                call.id(), call.path("path"), wire.text("content", ""), mark(call, HeaderNames.IF_MATCH)));
    }

    private Answer delete(Call call) {
        return answer(configurations.delete(call.id(), call.path("path"), mark(call, HeaderNames.IF_MATCH)));
    }

    private Answer replace(Call call) {
        var files = new HashMap<String, String>();
        var json = call.jsonUpTo(BYTES_MAX).path("files");
        if (!json.isObject()) {
            throw new Refusal(Reason.INVALID_FIELD, "Expected \"files\", an object with texts by path");
        }
        for (var file : json.properties()) {
            if (!file.getValue().isTextual()) {
                throw new Refusal(Reason.INVALID_FIELD, "Expected a text as the content of " + file.getKey());
            }
            files.put(file.getKey(), file.getValue().asText());
        }
        return answer(configurations.replace(call.id(), files, mark(call, HeaderNames.IF_MATCH)));
    }

    private static Answer answer(Kept kept) {
        var json = Json.object();
        new TreeMap<>(kept.files()).forEach(json.putObject("files")::put);
        kept.warnings().forEach(json.putArray("warnings")::add);
        return new Answer.Body(
                200, "application/json", Json.bytes(json), Map.of("Cache-Control", "no-store", "ETag", tag(kept)));
    }

    private static String tag(Kept kept) {
        return "\"" + kept.mark() + "\"";
    }

    private static String mark(Call call, HeaderName name) {
        return call.header(name).map(tag -> tag.replace("\"", "").strip()).orElse("");
    }
}
