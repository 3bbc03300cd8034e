package ai.molecule.platform.edge;

import ai.molecule.platform.access.Access;
import ai.molecule.platform.store.DatabaseException;
import ai.molecule.platform.uplink.Transport;
import ai.molecule.platform.uplink.Uplink;
import ai.molecule.platform.uplink.Uplinks;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.UplinkFrame;
import ai.molecule.protocol.WireException;
import io.helidon.common.buffers.BufferData;
import io.helidon.http.Headers;
import io.helidon.http.HttpPrologue;
import io.helidon.websocket.WsListener;
import io.helidon.websocket.WsSession;
import io.helidon.websocket.WsUpgradeException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// `GET /uplink`: an agent's own connection to us, over a WebSocket on the ordinary port.
public final class UplinkSocket implements WsListener {

    /// Its path.
    public static final String PATH = "/uplink";

    private static final Logger LOG = LoggerFactory.getLogger(UplinkSocket.class);
    private static final Duration GOODBYE = Duration.ofMillis(500);
    private static final int GOING_AWAY = 1001;

    private final Uplinks uplinks;
    private final Gate gate;
    private final Access access;
    private final StringBuilder pieces = new StringBuilder();
    private boolean probing;
    private Uplink.@Nullable Identity identity;
    private @Nullable Uplink uplink;
    private @Nullable Line line;

    public UplinkSocket(Uplinks uplinks, Gate gate, Access access) {
        this.uplinks = uplinks;
        this.gate = gate;
        this.access = access;
    }

    @Override
    public Optional<Headers> onHttpUpgrade(HttpPrologue prologue, Headers headers) throws WsUpgradeException {
        try {
            var shown = gate.identify(headers, false);
            // Whether a WebSocket gets through, asked by an agent that polls.
            probing = prologue.query().first("probe").isPresent();
            identity = UplinkRoutes.identity(
                    access,
                    shown,
                    prologue.query().first("epoch").orElse(""),
                    prologue.query().first("boot").orElse(""));
            return Optional.empty();
        } catch (Refusal refusal) {
            // Whoever is refused polls next, and is noted there.
            throw new WsUpgradeException(String.valueOf(refusal.getMessage()), refusal);
        }
    }

    @Override
    public void onOpen(WsSession session) {
        var opened = new Line(session);
        line = opened;
        if (probing) {
            opened.cut();
            return;
        }
        try {
            var peer = session.socketContext().remotePeer().host();
            uplink = uplinks.open(Objects.requireNonNull(identity).from(peer), opened);
        } catch (Refusal refused) {
            opened.refuse(refused);
        } catch (DatabaseException away) {
            LOG.warn("An uplink cannot be taken on ({}); its agent tries again", away.getMessage());
            opened.cut();
        }
    }

    @Override
    public void onMessage(WsSession session, String text, boolean last) {
        var open = uplink;
        if (open == null || !open.isOpen()) {
            return;
        }
        open.alive();
        if (last && pieces.isEmpty()) {
            hear(open, text);
            return;
        }
        pieces.append(text);
        if (pieces.length() > UplinkFrame.LENGTH_MAX) {
            pieces.setLength(0);
            pieces.trimToSize();
            open.close("it sent a frame of more than " + UplinkFrame.LENGTH_MAX + " characters");
        } else if (last) {
            var whole = pieces.toString();
            pieces.setLength(0);
            pieces.trimToSize();
            hear(open, whole);
        }
    }

    private static void hear(Uplink open, String text) {
        try {
            open.heard(Json.readKeepable(text.getBytes(StandardCharsets.UTF_8)));
        } catch (Json.MalformedException | WireException | Refusal bad) {
            open.close("it sent what is no frame: " + bad.getMessage());
        }
    }

    @Override
    public void onPing(WsSession session, BufferData buffer) {
        if (uplink != null) {
            uplink.alive();
        }
        if (line != null) {
            line.pong(buffer);
        }
    }

    @Override
    public void onPong(WsSession session, BufferData buffer) {
        if (uplink != null) {
            uplink.alive();
        }
    }

    @Override
    public void onClose(WsSession session, int status, String reason) {
        end();
    }

    @Override
    public void onError(WsSession session, Throwable failure) {
        end();
    }

    private void end() {
        if (uplink != null) {
            uplinks.leave(uplink);
        }
    }

    /// Frames over a WebSocket; one at a time. Made on the thread that reads from it.
    private static final class Line implements Transport {

        private final WsSession session;
        private final Thread reader = Thread.currentThread();
        private final ReentrantLock writing = new ReentrantLock();
        private volatile long writingSince;

        Line(WsSession session) {
            this.session = session;
        }

        @Override
        public String kind() {
            return "socket";
        }

        @Override
        public void send(String frame) throws BrokenException {
            writing.lock();
            writingSince = System.nanoTime();
            try {
                session.send(frame, true);
            } catch (RuntimeException gone) {
                throw new BrokenException(String.valueOf(gone.getMessage()), gone);
            } finally {
                writingSince = 0;
                writing.unlock();
            }
        }

        @Override
        public Duration stuck() {
            var since = writingSince;
            return since == 0 ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - since);
        }

        /// Answers a ping, between two frames and never in one.
        void pong(BufferData buffer) {
            writing.lock();
            try {
                session.pong(buffer);
            } finally {
                writing.unlock();
            }
        }

        @Override
        public void ping() throws BrokenException {
            if (!writing.tryLock()) {
                return;
            }
            try {
                session.ping(BufferData.empty());
            } catch (RuntimeException gone) {
                throw new BrokenException(String.valueOf(gone.getMessage()), gone);
            } finally {
                writing.unlock();
            }
        }

        @Override
        public void cut() {
            Thread.ofVirtual().name("uplink-cut").start(this::hangUp);
        }

        /// Says goodbye where nobody holds the line, and hangs up a moment later: the other end need not agree.
        private void hangUp() {
            try {
                if (writing.tryLock()) {
                    try {
                        session.close(GOING_AWAY, "bye");
                    } finally {
                        writing.unlock();
                    }
                    LockSupport.parkNanos(GOODBYE.toNanos());
                }
            } catch (RuntimeException alreadyGone) {
                LOG.debug("An uplink was gone before it could be ended", alreadyGone);
            }
            // Helidon gives no means to close its socket; a virtual thread that is interrupted while it reads closes
            // it.
            reader.interrupt();
        }

        void refuse(Refusal refused) {
            try {
                send(Json.text(
                        new UplinkFrame.Bye(refused.reason().code(), String.valueOf(refused.getMessage())).toJson()));
            } catch (BrokenException gone) {
                LOG.debug("An uplink was gone before it could be refused", gone);
            }
            cut();
        }
    }
}
