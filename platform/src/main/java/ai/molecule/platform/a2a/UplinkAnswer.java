package ai.molecule.platform.a2a;

import ai.molecule.platform.a2a.AgentLine.Fault;
import ai.molecule.platform.a2a.AgentLine.Heard;
import ai.molecule.platform.a2a.AgentLine.LineException;
import ai.molecule.platform.uplink.Transport;
import ai.molecule.platform.uplink.Uplink;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.UplinkFrame;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// What an agent answers over its uplink, in the same form as over HTTP.
final class UplinkAnswer implements Uplink.Answering {

    private final CompletableFuture<Heard> head = new CompletableFuture<>();
    private final EventSource events = new EventSource();
    private final Credit credit = new Credit();

    /// Asks.
    ///
    /// @throws LineException when the question did not get onto the uplink
    void ask(Uplink uplink, Map<String, String> headers, ObjectNode body) throws LineException {
        // Events may come before the call returns here; what they cost must be known by then.
        events.onSubscribe(credit);
        try {
            credit.of(uplink.call(headers, body, this));
            if (head.isCancelled()) {
                credit.cancel();
            }
        } catch (Transport.BrokenException broken) {
            throw new LineException(Fault.UNREACHABLE, "the agent's uplink broke", broken);
        }
    }

    /// Waits for a whole answer or for the beginning of a stream.
    Heard head(Duration patience) throws LineException {
        try {
            return head.get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof LineException line) {
                throw line;
            }
            throw new LineException(Fault.LOST, "the call was broken off", failed);
        } catch (CancellationException stopped) {
            throw new LineException(Fault.LOST, "the call was broken off", stopped);
        } catch (TimeoutException late) {
            cancel();
            throw new LineException(Fault.LATE, "the agent did not answer in time", late);
        } catch (InterruptedException stopping) {
            cancel();
            Thread.currentThread().interrupt();
            throw new LineException(Fault.LOST, "the platform is stopping", stopping);
        }
    }

    void cancel() {
        head.cancel(true);
        credit.cancel();
    }

    @Override
    public void whole(int status, JsonNode body) {
        try {
            AgentLine.checkStatus(status);
            if (Json.weight(body) > UplinkFrame.LENGTH_MAX) {
                throw new LineException(Fault.NONSENSE, "the agent's answer is too large", null);
            }
            head.complete(new Heard.Whole(AgentLine.usable(status, body)));
        } catch (LineException bad) {
            head.completeExceptionally(bad);
        }
    }

    @Override
    public void begin() {
        head.complete(new Heard.Stream(events));
    }

    @Override
    public void event(JsonNode body) {
        begin();
        events.take(body);
    }

    @Override
    public void end() {
        begin();
        events.onComplete();
    }

    @Override
    public void failed(int status, String message) {
        if (head.isDone()) {
            events.onError(new IOException(message));
            return;
        }
        try {
            AgentLine.checkStatus(status);
            head.completeExceptionally(
                    status == 0
                            ? new LineException(Fault.LOST, "the uplink to the agent broke: " + message, null)
                            : new LineException(
                                    Fault.NONSENSE, "the agent answered status " + status + ": " + message, null));
        } catch (LineException known) {
            head.completeExceptionally(known);
        }
    }

    /// Asks for more in larger steps than one event.
    private static final class Credit implements Flow.Subscription {

        private final AtomicInteger owed = new AtomicInteger();
        private volatile Uplink.@Nullable Calling calling;

        void of(Uplink.Calling begun) {
            calling = begun;
            request(0);
        }

        @Override
        public void request(long events) {
            var owes = owed.addAndGet((int) events) >= UplinkFrame.CREDIT / 2;
            var begun = calling;
            if (owes && begun != null) {
                var now = owed.getAndSet(0);
                if (now > 0) {
                    begun.more(now);
                }
            }
        }

        @Override
        public void cancel() {
            var begun = calling;
            if (begun != null) {
                begun.drop();
            }
        }
    }
}
