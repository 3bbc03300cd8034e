package ai.molecule.platform.a2a;

import ai.molecule.platform.a2a.AgentLine.Fault;
import ai.molecule.platform.a2a.AgentLine.LineException;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.SseReader;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The events of an agent's stream, one JSON-RPC response each. Silence of any kind, comments counted as sound,
/// ends it
/// after a while.
final class EventSource implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(EventSource.class);
    private static final ScheduledExecutorService WATCH = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("stream-watch").factory());

    private final InputStream in;
    private final SseReader reader;
    private final Duration patience;
    private final ScheduledFuture<?> watch;
    private volatile long heardAt = System.nanoTime();

    EventSource(InputStream in, Duration patience) {
        this.in = in;
        this.reader = new SseReader(in, () -> heardAt = System.nanoTime());
        this.patience = patience;
        var pace = Math.max(1, patience.toMillis() / 4);
        this.watch = WATCH.scheduleWithFixedDelay(this::look, pace, pace, TimeUnit.MILLISECONDS);
    }

    private void look() {
        if (System.nanoTime() - heardAt > patience.toNanos()) {
            close();
        }
    }

    /// The next event, waiting for it; empty at the end of the stream.
    Optional<JsonNode> next() throws LineException {
        try {
            var data = reader.next();
            return data.isEmpty() ? Optional.empty() : Optional.of(read(data.get()));
        } catch (SseReader.TooLargeException endless) {
            throw new LineException(Fault.NONSENSE, "the agent sent an event that is too large", endless);
        } catch (IOException broken) {
            throw new LineException(Fault.LOST, "the stream from the agent broke", broken);
        }
    }

    /// True when an event can be read without waiting for the agent, as far as is known.
    boolean ready() {
        return reader.buffered();
    }

    private static JsonNode read(String data) throws LineException {
        try {
            return Json.readKeepable(data.getBytes(StandardCharsets.UTF_8));
        } catch (Json.MalformedException notJson) {
            throw new LineException(Fault.NONSENSE, "the agent sent an event that is not JSON", notJson);
        }
    }

    @Override
    public void close() {
        watch.cancel(false);
        try {
            in.close();
        } catch (IOException alreadyBroken) {
            LOG.debug("A stream was broken already when it was closed", alreadyBroken);
        }
    }
}
