package ai.molecule.platform.a2a;

import ai.molecule.platform.a2a.AgentLine.Fault;
import ai.molecule.platform.a2a.AgentLine.LineException;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.SseParser;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// The events of an agent's stream, one JSON-RPC response each, from HTTP or from elsewhere. While enough of them
/// wait, the agent waits.
final class EventSource implements BodySubscriber<EventSource>, AutoCloseable {

    private static final int WAITING_MAX = 256;
    private static final int TEXT_WAITING_MAX = 1 << 20;
    private static final Duration GOODBYE = Duration.ofSeconds(1);

    private final BlockingQueue<Signal> waiting = new LinkedBlockingQueue<>();
    private final SseParser parser = new SseParser(data -> waiting.add(new Signal.Data(data)));
    private final AtomicInteger unasked = new AtomicInteger();
    private volatile Flow.@Nullable Subscription subscription;
    private volatile long heardAt = System.nanoTime();
    private volatile boolean over;

    private sealed interface Signal {
        record Data(String text) implements Signal {}

        /// @param size about how many characters it has
        record Read(JsonNode response, int size) implements Signal {}

        /// @param failure null at the proper end
        record End(@Nullable Throwable failure) implements Signal {}
    }

    @Override
    public CompletionStage<EventSource> getBody() {
        return CompletableFuture.completedFuture(this);
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        subscription = given;
        given.request(1);
    }

    @Override
    public void onNext(List<ByteBuffer> pieces) {
        heardAt = System.nanoTime();
        try {
            for (var piece : pieces) {
                parser.feed(piece);
            }
        } catch (SseParser.TooLargeException endless) {
            waiting.add(new Signal.End(endless));
            close();
            return;
        }
        goOn();
    }

    /// Takes an event that is no text any more.
    void take(JsonNode response) {
        heardAt = System.nanoTime();
        waiting.add(new Signal.Read(response, Math.min(Integer.MAX_VALUE, Json.weight(response))));
        goOn();
    }

    private void goOn() {
        if (full()) {
            unasked.incrementAndGet();
            more();
        } else {
            request(1);
        }
    }

    @Override
    public void onError(Throwable failure) {
        waiting.add(new Signal.End(failure));
    }

    @Override
    public void onComplete() {
        waiting.add(new Signal.End(null));
    }

    private boolean full() {
        return waiting.size() > WAITING_MAX || (waiting.size() > 1 && textWaiting() > TEXT_WAITING_MAX);
    }

    private int textWaiting() {
        var sum = 0;
        for (var signal : waiting) {
            sum += switch (signal) {
                case Signal.Data(var text) -> text.length();
                case Signal.Read(var _, var size) -> size;
                case Signal.End _ -> 0;
            };
        }
        return sum;
    }

    private void more() {
        if (unasked.get() > 0 && !full()) {
            request(unasked.getAndSet(0));
        }
    }

    private void request(int events) {
        var given = subscription;
        if (given != null && events > 0) {
            given.request(events);
        }
    }

    /// Whether an event came, and which.
    sealed interface Next {
        /// An event.
        record Event(JsonNode response) implements Next {}

        /// The stream is over.
        record Over() implements Next {}

        /// Nothing came in the time.
        record Nothing() implements Next {}
    }

    /// The next event, waiting for it.
    Next next(Duration patience) throws LineException {
        if (over) {
            return new Next.Over();
        }
        try {
            var signal = waiting.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
            more();
            return switch (signal) {
                case null -> new Next.Nothing();
                case Signal.Data(var text) -> new Next.Event(read(text));
                case Signal.Read(var response, var _) -> new Next.Event(response);
                case Signal.End(var failure) -> ended(failure);
            };
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new LineException(Fault.LOST, "the platform is stopping", stopped);
        }
    }

    private Next ended(@Nullable Throwable failure) throws LineException {
        over = true;
        if (failure instanceof SseParser.TooLargeException) {
            throw new LineException(Fault.NONSENSE, "the agent sent an event that is too large", failure);
        }
        if (failure != null) {
            throw new LineException(Fault.LOST, "the stream from the agent broke", failure);
        }
        return new Next.Over();
    }

    /// How long nothing came, comments counted as something.
    Duration silence() {
        return Duration.ofNanos(System.nanoTime() - heardAt);
    }

    /// Reads to the end of a stream that has nothing to tell any more, so that its connection can be used
    /// again; an agent that does not end it soon loses the connection.
    void finish() {
        var until = System.nanoTime() + GOODBYE.toNanos();
        try {
            while (!over && System.nanoTime() < until) {
                if (next(GOODBYE) instanceof Next.Nothing) {
                    return;
                }
            }
        } catch (LineException broken) {
            over = true;
        }
    }

    private static JsonNode read(String data) throws LineException {
        try {
            return Json.readKeepable(data.getBytes(StandardCharsets.UTF_8));
        } catch (Json.MalformedException notJson) {
            throw new LineException(Fault.NONSENSE, "the agent sent an event that is not JSON", notJson);
        }
    }

    /// Lets go of the agent's end.
    @Override
    public void close() {
        var given = subscription;
        if (given != null && !over) {
            given.cancel();
            waiting.add(new Signal.End(null));
        }
    }
}
