package ai.molecule.agent.uplink;

import ai.molecule.protocol.Heartbeat;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.UplinkFrame;
import ai.molecule.protocol.WireException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Keeps one connection to the platform open, for ever, and answers what comes over it.
///
/// A WebSocket where one gets through; where none does, HTTP requests that wait, and now and then another try. A
/// connection over which nothing comes is given up. Soft: what was under way when it broke is asked for again.
public final class Uplink {

    private static final Duration PAUSE_FIRST = Duration.ofMillis(100);
    private static final Duration PAUSE_MAX = Duration.ofSeconds(8);
    private static final Duration SOCKET_AGAIN = Duration.ofSeconds(60);
    private static final Duration POLL_PATIENCE = Duration.ofSeconds(15);
    private static final Duration SILENCE = Duration.ofSeconds(12);
    private static final Duration OPENING_PATIENCE = Duration.ofSeconds(5);
    private static final Duration LOOK_PACE = Duration.ofSeconds(1);
    private static final Set<String> FINAL =
            Set.of("superseded", "invalid_token", "forbidden", "workspace_removed", "workspace_not_found");

    private final Addresses platform;
    private final HttpClient client;
    private final Supplier<String> token;
    private final Desk desk;
    private final String boot = UUID.randomUUID().toString();
    private volatile Consumer<String> notices = what -> {};
    private volatile Consumer<String> log = System.out::println;
    private volatile @Nullable Line line;
    private volatile @Nullable Heartbeat beat;
    private volatile long heardAt = System.nanoTime();
    private volatile @Nullable RefusedException refused;
    private boolean socketBlocked;
    private long triedSocketAt;

    /// @param platform where the platform is
    /// @param token the agent's own token, asked for with every connection
    public Uplink(Addresses platform, HttpClient client, Supplier<String> token, Desk desk) {
        this.platform = platform;
        this.client = client;
        this.token = token;
        this.desk = desk;
    }

    /// Is told of what changed at the platform, in the words of [UplinkFrame.Notice], and of all of them when a
    /// connection has been opened: something may have changed while there was none.
    public void onNotice(Consumer<String> listener) {
        notices = listener;
    }

    /// Where what happens is told, a line each.
    public void logTo(Consumer<String> lines) {
        log = lines;
    }

    /// The platform sent the agent away, or refuses it for now.
    public static final class RefusedException extends IOException {
        private static final long serialVersionUID = 1L;

        private final int status;
        private final String code;

        RefusedException(int status, String code, String message) {
            super(message);
            this.status = status;
            this.code = code;
        }

        /// The stable word for why.
        public String code() {
            return code;
        }

        /// The HTTP status.
        public int status() {
            return status;
        }
    }

    /// Nobody is there who could refuse.
    static final class UnreachableException extends IOException {
        private static final long serialVersionUID = 1L;

        UnreachableException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /// Says how the agent is: over the connection that is open, and again over every new one.
    public void beat(Heartbeat heartbeat) {
        beat = heartbeat;
        var open = line;
        if (open != null) {
            try {
                open.send(Json.text(new UplinkFrame.Beat(heartbeat).toJson()));
            } catch (IOException broken) {
                log.accept("the uplink broke while beating: " + broken.getMessage());
            }
        }
    }

    /// True while a connection is open.
    public boolean isOpen() {
        return line != null;
    }

    /// Lets go of the connection that is open; whoever runs this is interrupted first.
    public void close() {
        var open = line;
        if (open != null) {
            open.close();
        }
    }

    /// Stays connected until the platform sends the agent away.
    ///
    /// @param epoch which life of the agent it is, as its registration answered
    /// @throws RefusedException why it was sent away
    public void run(long epoch) throws InterruptedException, RefusedException {
        var pause = PAUSE_FIRST;
        while (true) {
            var began = System.nanoTime();
            var where = platform.current();
            try {
                serve(open(epoch));
            } catch (RefusedException no) {
                if (FINAL.contains(no.code())) {
                    throw no;
                }
                if (no.status() >= 500) {
                    platform.leave(where);
                }
                log.accept("no uplink yet: " + no.getMessage());
            } catch (IOException unreachable) {
                platform.leave(where);
                log.accept("no uplink to " + where + ": "
                        + (unreachable.getMessage() == null ? unreachable.toString() : unreachable.getMessage()));
            }
            var lasted = Duration.ofNanos(System.nanoTime() - began);
            pause = lasted.compareTo(PAUSE_MAX) > 0 ? PAUSE_FIRST : longer(pause);
            Thread.sleep(pause.plusMillis(ThreadLocalRandom.current().nextLong(pause.toMillis() + 1)));
        }
    }

    private static Duration longer(Duration pause) {
        var twice = pause.multipliedBy(2);
        return twice.compareTo(PAUSE_MAX) < 0 ? twice : PAUSE_MAX;
    }

    /// What one connection is good for: what comes in, and the calls under way.
    private final class Reading implements Inbox {

        private final Calls calls = new Calls(desk);
        private final CompletableFuture<Line> over = new CompletableFuture<>();

        @Override
        public void alive() {
            heardAt = System.nanoTime();
        }

        @Override
        public void frame(String text) {
            alive();
            try {
                take(UplinkFrame.read(Json.read(text)));
            } catch (Json.MalformedException | WireException notOurs) {
                log.accept("the platform said what is not understood: " + notOurs.getMessage());
            }
        }

        private void take(UplinkFrame frame) {
            switch (frame) {
                case UplinkFrame.Call call -> calls.begin(call, this::send);
                case UplinkFrame.More(var id, var credit) -> calls.more(id, credit);
                case UplinkFrame.Drop(var id) -> calls.drop(id);
                case UplinkFrame.Notice(var what) -> changed(what);
                case UplinkFrame.Bye(var code, var message) -> {
                    refused = new RefusedException(409, code, message);
                    if (over.isDone()) {
                        over.join().close();
                    }
                }
                case UplinkFrame.Welcome _ -> {
                    changed(UplinkFrame.Notice.SECRETS);
                    changed(UplinkFrame.Notice.STATE);
                }
                case UplinkFrame.Tick _ -> {}
                case UplinkFrame.Whole _,
                        UplinkFrame.Begin _,
                        UplinkFrame.Event _,
                        UplinkFrame.End _,
                        UplinkFrame.Failed _,
                        UplinkFrame.Beat _ -> {}
            }
        }

        private void changed(String what) {
            Thread.ofVirtual().start(() -> notices.accept(what));
        }

        private void send(String text) throws IOException {
            try {
                over.get(OPENING_PATIENCE.toNanos(), TimeUnit.NANOSECONDS).send(text);
            } catch (ExecutionException | TimeoutException notYet) {
                throw new IOException("the uplink is not open yet", notYet);
            } catch (InterruptedException stopping) {
                Thread.currentThread().interrupt();
                throw new IOException("stopping", stopping);
            }
        }
    }

    private record Opened(Line line, Reading reading) {}

    private Opened open(long epoch) throws IOException, InterruptedException {
        refused = null;
        if (!socketBlocked || System.nanoTime() - triedSocketAt > SOCKET_AGAIN.toNanos()) {
            try {
                return opened(epoch);
            } catch (UnreachableException nobodyThere) {
                throw nobodyThere;
            } catch (IOException blocked) {
                log.accept(blocked.getMessage() + "; polling instead");
                socketBlocked = true;
            }
        }
        var reading = new Reading();
        var polled = PollLine.open(this::post, epoch, boot, reading);
        reading.over.complete(polled);
        return new Opened(polled, reading);
    }

    private Opened opened(long epoch) throws IOException, InterruptedException {
        triedSocketAt = System.nanoTime();
        var reading = new Reading();
        var socket = SocketLine.open(client, socketAddress("epoch=" + epoch + "&boot=" + boot), token.get(), reading);
        reading.over.complete(socket);
        socketBlocked = false;
        return new Opened(socket, reading);
    }

    private URI socketAddress(String query) throws IOException {
        try {
            var http = platform.current().resolve("uplink");
            return new URI(
                    http.getScheme().equals("https") ? "wss" : "ws",
                    null,
                    http.getHost(),
                    http.getPort(),
                    http.getPath(),
                    query,
                    null);
        } catch (URISyntaxException bad) {
            throw new IOException("the platform's address is none: " + platform, bad);
        }
    }

    /// Stays on a connection until it is over, or nothing comes over it.
    private void serve(Opened opened) throws InterruptedException, RefusedException {
        var open = opened.line();
        heardAt = System.nanoTime();
        line = open;
        var polled = open instanceof PollLine;
        log.accept("uplink open" + (polled ? " (polling)" : ""));
        var last = beat;
        if (last != null) {
            beat(last);
        }
        var watch = Thread.ofVirtual().name("uplink-watch").start(() -> watch(open, polled));
        try {
            var why = open.awaitEnd();
            log.accept("uplink over: " + why);
        } finally {
            line = null;
            watch.interrupt();
            open.close();
            opened.reading().calls.dropAll();
        }
        var no = refused;
        if (no != null && !no.code().equals("replaced") && !no.code().equals("stopping")) {
            throw no;
        }
    }

    /// Gives a silent connection up, and a polled one when it is time for another try of a better one.
    private void watch(Line open, boolean polled) {
        try {
            while (true) {
                Thread.sleep(LOOK_PACE);
                if (System.nanoTime() - heardAt > SILENCE.toNanos()) {
                    log.accept("nothing was heard for " + SILENCE.toSeconds() + " s");
                    open.close();
                    return;
                }
                if (polled && System.nanoTime() - triedSocketAt > SOCKET_AGAIN.toNanos() && socketPasses()) {
                    open.close();
                    return;
                }
            }
        } catch (InterruptedException over) {
            Thread.currentThread().interrupt();
        }
    }

    /// Whether a WebSocket would get through by now.
    private boolean socketPasses() throws InterruptedException {
        triedSocketAt = System.nanoTime();
        try {
            SocketLine.open(client, socketAddress("probe=true"), token.get(), new Deaf())
                    .close();
            socketBlocked = false;
            return true;
        } catch (IOException stillBlocked) {
            return false;
        }
    }

    private static final class Deaf implements Inbox {
        @Override
        public void frame(String text) {
            // Only whether it opens is of interest.
        }

        @Override
        public void alive() {
            // Only whether it opens is of interest.
        }
    }

    private JsonNode post(JsonNode body) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(platform.current().resolve("uplink/poll"))
                .timeout(POLL_PATIENCE)
                .header("Content-Type", "application/json")
                .header("Authorization", "Bearer " + token.get())
                .POST(HttpRequest.BodyPublishers.ofByteArray(Json.bytes(body)))
                .build();
        var response = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
        try {
            var answer = Json.read(response.body());
            if (response.statusCode() != 200) {
                throw new RefusedException(
                        response.statusCode(),
                        answer.path("code").asText(),
                        answer.path("error").asText());
            }
            return answer;
        } catch (Json.MalformedException notOurs) {
            throw new IOException("status " + response.statusCode() + " without JSON", notOurs);
        }
    }
}
