package ai.molecule.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/// Measures messages: what the platform adds to them, streams, and mailboxes.
final class Messages {

    private static final int MAILBOXES = 64;
    private static final int DELIVERED = 5_000;
    private static final int EVENTS = 3_000;
    private static final int STREAMS = 2_000;
    private static final int STEADY_PER_SECOND = 200;

    private final Platform platform;
    private final Duration measured;
    private final BiConsumer<String, String> row;

    /// @param row takes a figure and its value
    Messages(Platform platform, Duration measured, BiConsumer<String, String> row) {
        this.platform = platform;
        this.measured = measured;
        this.row = row;
    }

    /// What the platform adds, compared with no hop and with one that does nothing.
    void latency() throws IOException, InterruptedException, ExecutionException {
        try (var echo = Echo.start(platform);
                var nginx = Nginx.inFrontOf(echo.port()).orElse(null)) {
            if (nginx == null) {
                row.accept("nginx", "SKIPPED: not installed (apt-get install nginx-light)");
            }
            var direct = echo.direct("message/send", "hello");
            var through = echo.through("message/send", "hello");
            firstBytes(echo);
            // The just-in-time compilers take their time on few processors; what is measured is what stays.
            Load.run(platform.port(), 64, measured, measured, any -> through);
            var floor = Load.steady(echo.port(), 8, STEADY_PER_SECOND, measured, direct);
            var steady = Load.steady(platform.port(), 8, STEADY_PER_SECOND, measured, through);
            var name = "A2A unary, " + STEADY_PER_SECOND + "/s over 8 connections, ";
            row.accept(name + "agent called directly", floor.toString());
            row.accept(name + "through the platform", steady.toString());
            row.accept(name + "added latency", added(floor, steady));
            for (var connections : new int[] {1, 8, 64}) {
                compare(echo, nginx, connections, direct, through);
            }
        }
    }

    private void compare(Echo echo, @Nullable Nginx nginx, int connections, byte[] direct, byte[] through)
            throws InterruptedException, ExecutionException {
        var name = "A2A unary, " + connections + " connections, ";
        var alone = run(echo.port(), connections, direct);
        row.accept(name + "agent called directly", alone.toString());
        if (nginx != null) {
            var proxied = run(nginx.port(), connections, direct);
            row.accept(name + "through nginx, added latency", added(alone, proxied));
        }
        var ours = run(platform.port(), connections, through);
        row.accept(name + "through the platform", ours.toString());
        row.accept(name + "added latency", added(alone, ours));
    }

    private static String added(Load.Result alone, Load.Result with) {
        return "p50 " + with.micros(with.p50() - alone.p50()) + ", p99 " + with.micros(with.p99() - alone.p99());
    }

    private Load.Result run(int port, int connections, byte[] request) throws InterruptedException, ExecutionException {
        return Load.run(port, connections, measured, measured, any -> request);
    }

    private void firstBytes(Echo echo) throws IOException {
        var direct = firstByte(echo.port(), echo.direct("message/stream", "hello"));
        var through = firstByte(platform.port(), echo.through("message/stream", "hello"));
        row.accept("first streamed byte, agent called directly, n=200", "p50 " + direct + " µs");
        row.accept("first streamed byte, through the platform, n=200", "p50 " + through + " µs");
    }

    /// Microseconds from a request to the first byte of its event stream, the median.
    private static long firstByte(int port, byte[] request) throws IOException {
        var times = new ArrayList<Long>();
        for (int i = 0; i < 400; i++) {
            try (var line = new Line(port)) {
                var began = System.nanoTime();
                line.firstByteOfBody(request);
                times.add(System.nanoTime() - began);
            }
        }
        return Bench.median(times.subList(200, 400)) / 1000;
    }

    /// Long streams and many of them.
    void streams() throws IOException {
        try (var echo = Echo.start(platform)) {
            var text = "events " + EVENTS;
            var direct = wholeStream(echo.port(), echo.direct("message/stream", text));
            var through = wholeStream(platform.port(), echo.through("message/stream", text));
            row.accept(EVENTS + " events in one stream, agent called directly, n=5", "median " + direct + " ms");
            row.accept(EVENTS + " events in one stream, through the platform, n=5", "median " + through + " ms");
        }
        try (var echo = Echo.start(platform)) {
            watchers(echo);
        }
        try (var one = Echo.start(platform);
                var other = Echo.start(platform)) {
            openStreams(one, other);
        }
    }

    private static long wholeStream(int port, byte[] request) throws IOException {
        var times = new ArrayList<Long>();
        for (int i = 0; i < 8; i++) {
            try (var line = new Line(port)) {
                var began = System.nanoTime();
                var events = line.events(request, EVENTS);
                if (events < EVENTS) {
                    throw new IOException("Expected " + EVENTS + " events, but found " + events);
                }
                times.add(System.nanoTime() - began);
            }
        }
        return Bench.median(times.subList(3, 8)) / 1_000_000;
    }

    /// Callers of tasks that do nothing for a while, with two agents, because one takes at most a thousand at
    /// once.
    private void openStreams(Echo one, Echo other) throws IOException {
        row.accept(
                STREAMS + " open streams of messages at work, heap of the platform per stream",
                open(i -> (i % 2 == 0 ? one : other).through("message/stream", "sleep 600")));
    }

    /// Subscribers of one task that does nothing for a while.
    private void watchers(Echo echo) throws IOException {
        try (var first = new Line(platform.port())) {
            first.firstByteOfBody(echo.through("message/stream", "sleep 600"));
            var list = platform.call(
                    "POST",
                    "/workspaces/" + echo.id() + "/a2a",
                    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ListTasks\",\"params\":{}}",
                    List.of("A2A-Version: 1.0"));
            var task = list.path("result").path("tasks").path(0).path("id").asText();
            var subscribe = Line.request(
                    "POST",
                    "/workspaces/" + echo.id() + "/a2a",
                    Platform.TOKEN,
                    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"SubscribeToTask\",\"params\":{\"id\":\"" + task
                            + "\"}}",
                    List.of("A2A-Version: 1.0"));
            row.accept(STREAMS + " open streams of watchers, heap of the platform per stream", open(i -> subscribe));
        }
    }

    /// Opens streams and keeps them open; gives what they cost.
    private String open(IntFunction<byte[]> requests) throws IOException {
        var before = platform.heapBytes();
        var resident = platform.residentMegabytes();
        var open = new ArrayList<Line>();
        try {
            for (int i = 0; i < STREAMS; i++) {
                var line = new Line(platform.port());
                open.add(line);
                line.firstByteOfBody(requests.apply(i));
            }
            var each = (platform.heapBytes() - before) / STREAMS;
            return "%.1f KB, %d MiB resident more".formatted(each / 1000.0, platform.residentMegabytes() - resident);
        } finally {
            for (var line : open) {
                line.close();
            }
        }
    }

    /// Messages for agents that are away: how many a second are taken in, each committed before it is answered;
    /// and how many a second leave a mailbox once the agent is back.
    void mailboxes() throws IOException, InterruptedException, ExecutionException {
        var requests = new ArrayList<byte[]>();
        for (int i = 0; i < MAILBOXES; i++) {
            var id = platform.call("POST", "/workspaces", "{\"name\":\"away\",\"runtime\":\"external\"}")
                    .path("id")
                    .asText();
            requests.add(drop(id));
        }
        var taken = Load.run(platform.port(), 64, measured, measured, n -> requests.get(n % MAILBOXES));
        row.accept("messages taken into " + MAILBOXES + " mailboxes, 64 connections", taken.toString());
        try (var echo = Echo.start(platform)) {
            platform.call("POST", "/workspaces/" + echo.id() + "/pause", "");
            var drop = drop(echo.id());
            try (var line = new Line(platform.port())) {
                for (int i = 0; i < DELIVERED; i++) {
                    line.call(drop);
                }
            }
            platform.call("POST", "/workspaces/" + echo.id() + "/resume", "");
            platform.call("POST", "/registry/heartbeat", "{\"workspace_id\":\"" + echo.id() + "\"}");
            while (!platform.call("GET", "/workspaces/" + echo.id(), "")
                    .path("status")
                    .asText()
                    .equals("online")) {
                LockSupport.parkNanos(Duration.ofMillis(2).toNanos());
            }
            var began = System.nanoTime();
            while (completed(echo.id()) < DELIVERED) {
                LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
            }
            var seconds = (System.nanoTime() - began) / 1e9;
            row.accept(
                    "messages delivered out of one mailbox of " + DELIVERED, "%,.0f/s".formatted(DELIVERED / seconds));
        }
    }

    private int completed(String id) throws IOException {
        var ask =
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ListTasks\",\"params\":{\"status\":\"TASK_STATE_COMPLETED\",\"pageSize\":1}}";
        var found = platform.call("POST", "/workspaces/" + id + "/a2a", ask, List.of("A2A-Version: 1.0"));
        return found.path("result").path("totalSize").asInt();
    }

    private static byte[] drop(String id) {
        return Line.request(
                "POST",
                "/workspaces/" + id + "/a2a",
                Platform.TOKEN,
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"message/send\",\"params\":{\"configuration\":{\"blocking\":false},"
                        + "\"message\":{\"role\":\"user\",\"parts\":[{\"kind\":\"text\",\"text\":\"hello\"}]}}}");
    }
}
