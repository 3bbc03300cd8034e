package ai.molecule.platform.edge;

import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.task.InterruptableTask;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.ProtocolConfigs;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionProvider;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import io.helidon.webserver.websocket.WsConfig;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// HTTP/1.1 on a port that speaks no TLS. Whoever comes with TLS, as an agent does that was given `https` by mistake,
/// is told so in its own words, and noted where people look who wait for it.
final class PlainDoor implements ServerConnectionSelector {

    /// The first byte of a TLS record with a handshake (RFC 8446, section 5.1).
    private static final byte HANDSHAKE = 22;

    /// A fatal alert, `handshake_failure` (RFC 8446, section 6).
    private static final byte[] ALERT = {21, 3, 1, 0, 2, 2, 40};

    private final ServerConnectionSelector http;
    private final Refusals refusals;

    PlainDoor(WsConfig webSockets, Refusals refusals) {
        this.http = new Http1ConnectionProvider()
                .create("http", Http1Config.create(), ProtocolConfigs.create(List.of(webSockets)));
        this.refusals = refusals;
    }

    @Override
    public int bytesToIdentifyConnection() {
        return 0;
    }

    @Override
    public Support supports(BufferData data) {
        return Support.SUPPORTED;
    }

    @Override
    public Set<String> supportedApplicationProtocols() {
        return http.supportedApplicationProtocols();
    }

    @Override
    public ServerConnection connection(ConnectionContext context) {
        return new Visit(context, http.connection(context));
    }

    private final class Visit implements ServerConnection, InterruptableTask<Void> {

        private final ConnectionContext context;
        private final ServerConnection plain;
        private volatile @Nullable Thread waiting;

        Visit(ConnectionContext context, ServerConnection plain) {
            this.context = context;
            this.plain = plain;
        }

        /// Between two requests only: one under way is not cut off when the platform stops.
        @Override
        public boolean canInterrupt() {
            return waiting != null || !(plain instanceof InterruptableTask<?> task) || task.canInterrupt();
        }

        @Override
        public void handle(Limit limit) throws InterruptedException {
            if (first() != HANDSHAKE) {
                plain.handle(limit);
                return;
            }
            refusals.note(
                    context.remotePeer().host(),
                    "tls",
                    new Refusal(Reason.PLAIN_HTTP, "Expected plain HTTP on this port, but found TLS"),
                    null);
            context.dataWriter().writeNow(BufferData.create(ALERT));
        }

        /// The first byte, once it comes; whoever says nothing is let go like everybody who is idle.
        private byte first() {
            waiting = Thread.currentThread();
            try {
                return context.dataReader().lookup();
            } catch (DataReader.InsufficientDataAvailableException | UncheckedIOException gone) {
                throw new CloseConnectionException("The caller went away before it said anything", gone);
            } finally {
                waiting = null;
            }
        }

        @Override
        public Duration idleTime() {
            return plain.idleTime();
        }

        @Override
        public void close(boolean interrupt) {
            var thread = waiting;
            if (thread != null) {
                thread.interrupt();
            }
            plain.close(interrupt);
        }
    }
}
