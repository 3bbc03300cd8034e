package ai.molecule.platform.edge;

import static ai.molecule.platform.edge.Route.Who.ADMIN;

import ai.molecule.platform.workspace.Interiors;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.Wire;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;

/// What the operator sees inside an agent's place: log, files, figures. The terminal is [TerminalSocket].
public final class InteriorRoutes {

    private static final int LINES_USUAL = 200;
    private static final Duration CHECK_PACE = Duration.ofSeconds(10);

    private final Interiors interiors;
    private final Gate gate;

    public InteriorRoutes(Interiors interiors, Gate gate) {
        this.interiors = interiors;
        this.gate = gate;
    }

    /// Its routes.
    public List<Route> routes() {
        return List.of(
                new Route(Method.GET, "/workspaces/{id}/logs", ADMIN, this::logs),
                new Route(Method.GET, "/workspaces/{id}/stats", ADMIN, this::stats),
                new Route(Method.GET, "/workspaces/{id}/files", ADMIN, this::list),
                new Route(Method.GET, "/workspaces/{id}/files/{+path}", ADMIN, this::read),
                new Route(Method.PUT, "/workspaces/{id}/files/{+path}", ADMIN, this::write),
                new Route(Method.DELETE, "/workspaces/{id}/files/{+path}", ADMIN, this::delete));
    }

    private Answer logs(Call call) {
        var text = call.query("tail").orElse(String.valueOf(LINES_USUAL));
        if (!text.matches("[0-9]{1,5}") || Integer.parseInt(text) > Interiors.LINES_MAX) {
            throw new Refusal(Reason.BAD_REQUEST, "Expected \"tail\" between 0 and " + Interiors.LINES_MAX);
        }
        var last = Integer.parseInt(text);
        if (call.query("follow").filter("true"::equals).isPresent()) {
            var id = call.id();
            interiors.checkLog(id);
            return new Answer.Live(response -> stream(call, response, lines -> interiors.follow(id, last, lines)));
        }
        var body = Json.object();
        var lines = body.putArray("lines");
        interiors.log(call.id(), last).forEach(lines::add);
        return Answer.ok(body);
    }

    @FunctionalInterface
    private interface Following {
        void copyTo(Interiors.Lines lines) throws IOException;
    }

    /// Lines as server-sent events, until the agent ends, the caller goes away, or may not look any more.
    private void stream(Call call, ServerResponse response, Following following) {
        response.status(Status.OK_200)
                .header("Content-Type", "text/event-stream")
                .header("Cache-Control", "no-store")
                .header("X-Accel-Buffering", "no");
        try (var out = response.outputStream()) {
            following.copyTo(new Interiors.Lines() {
                private long checked = System.nanoTime();

                @Override
                public void line(String text) throws IOException {
                    check();
                    write(out, "data: " + text.replace("\r", "") + "\n\n");
                }

                @Override
                public void silence() throws IOException {
                    check();
                    write(out, ": keep-alive\n\n");
                }

                private void check() throws IOException {
                    if (System.nanoTime() - checked > CHECK_PACE.toNanos()) {
                        checked = System.nanoTime();
                        if (!gate.stillAdmin(call.request().headers())) {
                            throw new IOException("the operator's session has ended");
                        }
                    }
                }
            });
            write(out, "event: end\ndata:\n\n");
        } catch (IOException callerGone) {
            throw new UncheckedIOException(callerGone);
        }
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    private Answer stats(Call call) {
        return Answer.ok(interiors.usage(call.id()));
    }

    private Answer list(Call call) {
        var path = call.query("path").filter(one -> !one.isEmpty());
        return Answer.ok(interiors.entries(
                call.id(), root(call) + path.map(one -> "/" + one).orElse("")));
    }

    private Answer read(Call call) {
        return Answer.ok(interiors.read(call.id(), file(call)));
    }

    private Answer write(Call call) {
        var wire = Wire.of(call.json());
        var content = wire.text("content", "");
        interiors.write(
                call.id(),
                file(call),
                wire.text("encoding", "utf-8").equals("base64")
                        ? decoded(content)
                        : content.getBytes(StandardCharsets.UTF_8));
        return Answer.ok(Json.object().put("status", "saved").put("path", file(call)));
    }

    private Answer delete(Call call) {
        interiors.delete(call.id(), file(call));
        return Answer.ok(Json.object().put("status", "deleted").put("path", file(call)));
    }

    private static byte[] decoded(String content) {
        try {
            return Base64.getDecoder().decode(content);
        } catch (IllegalArgumentException bad) {
            throw new Refusal(Reason.INVALID_FIELD, "Expected \"content\" in base64, as \"encoding\" says");
        }
    }

    private static String file(Call call) {
        return root(call) + "/" + call.path("path");
    }

    private static String root(Call call) {
        return call.query("root").orElse("/workspace");
    }
}
