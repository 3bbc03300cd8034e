package ai.molecule.platform.uplink;

import ai.molecule.platform.uplink.Transport.BrokenException;
import ai.molecule.protocol.Heartbeat;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.UplinkFrame;
import ai.molecule.protocol.WireException;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/// One open connection of one agent, and the calls under way on it. Soft: what a broken one leaves open is asked for
/// again over the next.
public final class Uplink {

    private static final Duration BYE_PATIENCE = Duration.ofMillis(500);

    private final Identity identity;
    private final Transport transport;
    private final Consumer<Heartbeat> beats;
    private final UUID session = UUID.randomUUID();
    private final AtomicLong numbers = new AtomicLong();
    private final Map<Long, Asked> calls = new ConcurrentHashMap<>();
    private final AtomicBoolean open = new AtomicBoolean(true);
    private volatile long heardAt = System.nanoTime();
    private volatile String why = "";

    /// Whose it is.
    ///
    /// @param boot the name that the agent's process gave itself when it began; empty for none
    /// @param peer from where it came
    /// @param bearer the token that was shown, to look at it again
    public record Identity(WorkspaceId workspace, long epoch, String boot, String peer, String bearer) {
        /// The same from another place.
        public Identity from(String other) {
            return new Identity(workspace, epoch, boot, other, bearer);
        }

        @Override
        public String toString() {
            return "Identity[workspace=" + workspace + ", epoch=" + epoch + ", peer=" + peer + "]";
        }
    }

    /// Hears what comes back of a call. Called by one thread at a time.
    public interface Answering {
        /// The whole answer.
        void whole(int status, JsonNode body);

        /// A stream begins.
        void begin();

        /// One JSON-RPC response of the stream.
        void event(JsonNode body);

        /// The stream is over.
        void end();

        /// It came to nothing.
        ///
        /// @param status what would be the HTTP status; 0 when the uplink broke
        void failed(int status, String message);
    }

    /// A call under way.
    public interface Calling {
        /// Takes so many events more.
        void more(int events);

        /// Listens no more.
        void drop();
    }

    /// @param credit how many events its agent may still send
    private record Asked(Answering answering, AtomicInteger credit) {}

    Uplink(Identity identity, Transport transport, Consumer<Heartbeat> beats) {
        this.identity = identity;
        this.transport = transport;
        this.beats = beats;
    }

    Identity identity() {
        return identity;
    }

    UUID session() {
        return session;
    }

    String kind() {
        return transport.kind();
    }

    /// Why it was closed; empty while it is open.
    String why() {
        return why;
    }

    /// How long nothing came.
    Duration silence() {
        return Duration.ofNanos(System.nanoTime() - heardAt);
    }

    /// Something came, whatever it was.
    public void alive() {
        heardAt = System.nanoTime();
    }

    /// Hands the agent a JSON-RPC request.
    ///
    /// @throws BrokenException when it did not get onto the uplink; then nobody is called back
    public Calling call(Map<String, String> headers, ObjectNode body, Answering answering) throws BrokenException {
        var id = numbers.incrementAndGet();
        calls.put(id, new Asked(answering, new AtomicInteger(UplinkFrame.CREDIT)));
        try {
            if (!open.get()) {
                throw new BrokenException("it is closed", new IllegalStateException(why));
            }
            send(new UplinkFrame.Call(id, headers, body, UplinkFrame.CREDIT));
        } catch (BrokenException broken) {
            if (calls.remove(id) == null) {
                // Whoever closed it told the caller already.
                return new Line(id);
            }
            throw broken;
        }
        return new Line(id);
    }

    private final class Line implements Calling {
        private final long id;

        Line(long id) {
            this.id = id;
        }

        @Override
        public void more(int events) {
            var asked = calls.get(id);
            if (asked != null) {
                asked.credit().addAndGet(events);
                trySend(new UplinkFrame.More(id, events));
            }
        }

        @Override
        public void drop() {
            if (calls.remove(id) != null) {
                trySend(new UplinkFrame.Drop(id));
            }
        }
    }

    void send(UplinkFrame frame) throws BrokenException {
        try {
            transport.send(Json.text(frame.toJson()));
        } catch (BrokenException broken) {
            close("the connection broke: " + broken.getMessage());
            throw broken;
        }
    }

    void trySend(UplinkFrame frame) {
        try {
            send(frame);
        } catch (BrokenException gone) {
            // Whoever waits was told by the close.
        }
    }

    void ping() {
        try {
            transport.ping();
        } catch (BrokenException broken) {
            close("the connection broke: " + broken.getMessage());
        }
    }

    /// Takes a frame of the agent.
    ///
    /// @throws WireException when it is none, or none that an agent may send
    public void heard(JsonNode json) {
        if (!open.get()) {
            return;
        }
        alive();
        switch (UplinkFrame.read(json)) {
            case UplinkFrame.Whole(var id, var status, var body) -> last(id, call -> call.whole(status, body));
            case UplinkFrame.Begin(var id) -> of(id, Answering::begin);
            case UplinkFrame.Event(var id, var body) -> event(id, body);
            case UplinkFrame.End(var id) -> last(id, Answering::end);
            case UplinkFrame.Failed(var id, var status, var message) -> last(id, call -> call.failed(status, message));
            case UplinkFrame.Beat(var heartbeat) -> beats.accept(heartbeat);
            case UplinkFrame.Tick() -> {}
            case UplinkFrame.Bye(var _, var message) -> close("the agent left: " + message);
            case UplinkFrame.Welcome _,
                    UplinkFrame.Call _,
                    UplinkFrame.More _,
                    UplinkFrame.Drop _,
                    UplinkFrame.Notice _ ->
                throw new WireException("Expected a frame that an agent sends, but found one of the platform's");
        }
    }

    /// Events come one for one of what was asked for: nobody fills our memory.
    private void event(long id, JsonNode body) {
        var asked = calls.get(id);
        if (asked != null && asked.credit().decrementAndGet() < 0) {
            close("it sent more events than it was asked for");
        } else if (asked != null) {
            asked.answering().event(body);
        }
    }

    private void of(long id, Consumer<Answering> told) {
        var asked = calls.get(id);
        if (asked != null) {
            told.accept(asked.answering());
        }
    }

    private void last(long id, Consumer<Answering> told) {
        var asked = calls.remove(id);
        if (asked != null) {
            told.accept(asked.answering());
        }
    }

    /// False once it was let go, whatever still comes.
    public boolean isOpen() {
        return open.get();
    }

    /// Says why, if the agent listens, and lets go.
    void bye(String code, String message) {
        var saying = Thread.ofVirtual().name("bye").start(() -> {
            try {
                transport.send(Json.text(new UplinkFrame.Bye(code, message).toJson()));
            } catch (BrokenException gone) {
                close(message);
            }
        });
        try {
            saying.join(BYE_PATIENCE);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
        close(message);
    }

    /// For how long what is being sent is not taken.
    Duration stuck() {
        return transport.stuck();
    }

    /// Lets go; whatever is under way is told that the uplink broke.
    public void close(String reason) {
        if (open.compareAndSet(true, false)) {
            why = reason;
            transport.cut();
            for (var id : List.copyOf(calls.keySet())) {
                last(id, call -> call.failed(0, reason));
            }
        }
    }
}
