package ai.molecule.agent.uplink;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Frames over a WebSocket.
final class SocketLine implements Line {

    private static final Duration HANDSHAKE_PATIENCE = Duration.ofSeconds(4);
    private static final Duration SEND_PATIENCE = Duration.ofSeconds(20);
    /// What passes between us and the platform may have small buffers.
    private static final int PIECE = 32 * 1024;

    private final WebSocket socket;
    private final CompletableFuture<String> over;
    private final ReentrantLock sending = new ReentrantLock();

    private SocketLine(WebSocket socket, CompletableFuture<String> over) {
        this.socket = socket;
        this.over = over;
    }

    /// Opens one.
    ///
    /// @throws IOException when it cannot be opened, for whatever reason
    static SocketLine open(HttpClient client, URI address, String token, Inbox inbox)
            throws IOException, InterruptedException {
        var over = new CompletableFuture<String>();
        var opening = client.newWebSocketBuilder()
                .header("Authorization", "Bearer " + token)
                .connectTimeout(HANDSHAKE_PATIENCE)
                .buildAsync(address, new Listener(inbox, over));
        try {
            return new SocketLine(opening.get(HANDSHAKE_PATIENCE.toMillis(), TimeUnit.MILLISECONDS), over);
        } catch (TimeoutException late) {
            opening.thenAccept(WebSocket::abort).exceptionally(neverOpened -> null);
            throw new IOException("no WebSocket within " + HANDSHAKE_PATIENCE.toSeconds() + " s", late);
        } catch (ExecutionException failed) {
            var cause = failed.getCause();
            if (cause instanceof WebSocketHandshakeException refused) {
                throw new IOException(
                        "no WebSocket: status " + refused.getResponse().statusCode(), refused);
            }
            if (cause instanceof ConnectException || cause instanceof HttpConnectTimeoutException) {
                throw new Uplink.UnreachableException("the platform cannot be reached", cause);
            }
            throw new IOException("no WebSocket: " + cause, cause);
        }
    }

    @Override
    public void send(String frame) throws IOException {
        sending.lock();
        try {
            for (int from = 0; from < frame.length() || from == 0; ) {
                var to = Math.min(frame.length(), from + PIECE);
                if (to < frame.length() && Character.isHighSurrogate(frame.charAt(to - 1))) {
                    to--;
                }
                socket.sendText(frame.substring(from, to), to == frame.length())
                        .orTimeout(SEND_PATIENCE.toSeconds(), TimeUnit.SECONDS)
                        .join();
                from = Math.max(to, 1);
            }
        } catch (CompletionException broken) {
            over.complete("it broke while sending: " + broken.getCause());
            throw new IOException("the uplink broke", broken.getCause());
        } finally {
            sending.unlock();
        }
    }

    @Override
    public CompletableFuture<String> over() {
        return over;
    }

    @Override
    public void close() {
        over.complete("closed");
        socket.abort();
    }

    private static final class Listener implements WebSocket.Listener {

        private final Inbox inbox;
        private final CompletableFuture<String> over;
        private final StringBuilder pieces = new StringBuilder();

        Listener(Inbox inbox, CompletableFuture<String> over) {
            this.inbox = inbox;
            this.over = over;
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            pieces.append(data);
            if (last) {
                var text = pieces.toString();
                pieces.setLength(0);
                inbox.frame(text);
            } else {
                inbox.alive();
            }
            socket.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onPing(WebSocket socket, ByteBuffer message) {
            inbox.alive();
            socket.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
            over.complete("the platform closed it (" + status + ")");
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable failure) {
            over.complete("it broke: " + failure);
        }
    }
}
