package ai.molecule.platform.edge;

import ai.molecule.platform.access.Caller;
import ai.molecule.platform.access.Hierarchy;
import ai.molecule.platform.live.Feed;
import ai.molecule.platform.live.Viewer;
import ai.molecule.platform.live.Viewing;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.WorkspaceId;
import io.helidon.common.buffers.BufferData;
import io.helidon.http.Headers;
import io.helidon.http.HttpPrologue;
import io.helidon.websocket.WsListener;
import io.helidon.websocket.WsSession;
import io.helidon.websocket.WsUpgradeException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// `GET /ws`: the feed over a WebSocket, to whoever proved who it is before the upgrade.
public final class EventSocket implements WsListener {

    /// Its path.
    public static final String PATH = "/ws";

    private static final Logger LOG = LoggerFactory.getLogger(EventSocket.class);
    private static final Duration SILENCE = Duration.ofSeconds(20);
    private static final int TRY_AGAIN_LATER = 1013;

    private final Feed feed;
    private final Gate gate;
    private final Hierarchy hierarchy;
    private @Nullable Caller caller;
    private @Nullable Headers shown;
    private @Nullable Long since;
    private @Nullable Viewing viewing;

    public EventSocket(Feed feed, Gate gate, Hierarchy hierarchy) {
        this.feed = feed;
        this.gate = gate;
        this.hierarchy = hierarchy;
    }

    @Override
    public Optional<Headers> onHttpUpgrade(HttpPrologue prologue, Headers headers) throws WsUpgradeException {
        try {
            var identity = gate.identify(headers, false);
            if (identity.caller() == null || identity.caller() instanceof Caller.Enrolled) {
                throw new Refusal(Reason.UNAUTHENTICATED, "Expected a session or a bearer token, but found none");
            }
            caller = identity.caller();
            shown = headers;
            since = prologue.query()
                    .first("since")
                    .asOptional()
                    .map(EventSocket::number)
                    .orElse(null);
            return Optional.empty();
        } catch (Refusal refusal) {
            throw new WsUpgradeException(String.valueOf(refusal.getMessage()), refusal);
        }
    }

    @Override
    public void onOpen(WsSession session) {
        viewing =
                feed.view(new SocketViewer(session, Objects.requireNonNull(caller), this::stillGood, hierarchy), since);
    }

    @Override
    public void onMessage(WsSession session, String text, boolean last) {
        // Nothing is expected from a viewer; what it says is not kept.
    }

    @Override
    public void onPing(WsSession session, BufferData buffer) {
        session.pong(buffer);
    }

    @Override
    public void onClose(WsSession session, int status, String reason) {
        end();
    }

    @Override
    public void onError(WsSession session, Throwable failure) {
        end();
    }

    /// Looks again at what was shown at the door; a session may have ended, a token been replaced.
    private boolean stillGood() {
        try {
            return gate.identify(Objects.requireNonNull(shown), true).caller() != null;
        } catch (Refusal ended) {
            return false;
        }
    }

    private void end() {
        if (viewing != null) {
            viewing.close();
        }
    }

    private static Long number(String text) {
        if (!text.matches("[0-9]{1,18}")) {
            throw new Refusal(Reason.BAD_REQUEST, "Expected \"since\" to be the number of an event");
        }
        return Long.valueOf(text);
    }

    /// A viewer behind a socket.
    private static final class SocketViewer implements Viewer {

        private final WsSession session;
        private final Caller caller;
        private final BooleanSupplier stillGood;
        private final Hierarchy hierarchy;
        private final ReentrantLock writing = new ReentrantLock();

        SocketViewer(WsSession session, Caller caller, BooleanSupplier stillGood, Hierarchy hierarchy) {
            this.session = session;
            this.caller = caller;
            this.stillGood = stillGood;
            this.hierarchy = hierarchy;
        }

        @Override
        public boolean operator() {
            return caller instanceof Caller.Admin;
        }

        @Override
        public boolean welcome() {
            return stillGood.getAsBoolean();
        }

        @Override
        public boolean sees(WorkspaceId workspace) {
            return operator() || hierarchy.mayTalk(caller, workspace);
        }

        @Override
        public void show(String frame) {
            writing.lock();
            try {
                session.send(frame, true);
            } finally {
                writing.unlock();
            }
        }

        @Override
        public void ping() {
            writing.lock();
            try {
                session.ping(BufferData.empty());
            } finally {
                writing.unlock();
            }
        }

        @Override
        public void cut(String reason) {
            Thread.ofVirtual().start(() -> {
                try {
                    hangUp(reason);
                } catch (RuntimeException alreadyGone) {
                    LOG.debug("A viewer was gone before it could be cut off", alreadyGone);
                }
            });
        }

        /// Says goodbye, or, while a slow viewer still holds the line, hangs up.
        private void hangUp(String reason) {
            if (!writing.tryLock()) {
                session.terminate();
                return;
            }
            try {
                session.close(TRY_AGAIN_LATER, reason);
            } finally {
                writing.unlock();
            }
        }

        @Override
        public Duration silence() {
            return SILENCE;
        }
    }
}
