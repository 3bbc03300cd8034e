package ai.molecule.platform.edge;

import ai.molecule.platform.access.Caller;
import ai.molecule.platform.workspace.Interiors;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.WorkspaceId;
import io.helidon.common.buffers.BufferData;
import io.helidon.http.Headers;
import io.helidon.http.HttpPrologue;
import io.helidon.websocket.WsListener;
import io.helidon.websocket.WsSession;
import io.helidon.websocket.WsUpgradeException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// `GET /workspaces/{id}/terminal`: a shell inside an agent's container, for the operator.
///
/// What is typed comes as text or binary frames, what the shell writes goes out as binary ones. A text frame
/// `{"type":"resize","cols":80,"rows":24}` is a new size of the window; `?cols=&rows=` is the first.
public final class TerminalSocket implements WsListener {

    /// Its path.
    public static final String PATH = "/workspaces/{id}/terminal";

    private static final Pattern PLACE = Pattern.compile("/workspaces/([^/]+)/terminal");
    private static final int AT_ONCE_MAX = 50;
    private static final int SIDE_MAX = 1000;
    private static final int INPUT_BYTES_MAX = 64 * 1024;
    private static final int NORMAL = 1000;
    private static final int CANNOT = 1011;
    private static final int REASON_LENGTH_MAX = 100;
    private static final Duration PING_PACE = Duration.ofSeconds(20);
    private static final Semaphore OPEN = new Semaphore(AT_ONCE_MAX);

    private final Interiors interiors;
    private final Gate gate;
    private final ReentrantLock writing = new ReentrantLock();
    private @Nullable WorkspaceId workspace;
    private @Nullable Headers shown;
    private @Nullable Thread watchman;
    private int columns = 80;
    private int rows = 24;
    private volatile Interiors.@Nullable Terminal terminal;
    private boolean counted;

    public TerminalSocket(Interiors interiors, Gate gate) {
        this.interiors = interiors;
        this.gate = gate;
    }

    @Override
    public Optional<Headers> onHttpUpgrade(HttpPrologue prologue, Headers headers) throws WsUpgradeException {
        try {
            if (!(gate.identify(headers, false).caller() instanceof Caller.Admin)) {
                throw new Refusal(Reason.UNAUTHENTICATED, "Expected the operator, but found somebody else");
            }
            var place = PLACE.matcher(prologue.uriPath().path());
            workspace = place.matches() ? WorkspaceId.parse(place.group(1)).orElse(null) : null;
            if (workspace == null) {
                throw new Refusal(Reason.BAD_REQUEST, "Expected a workspace id in the path");
            }
            shown = headers;
            columns = side(prologue, "cols", columns);
            rows = side(prologue, "rows", rows);
            return Optional.empty();
        } catch (Refusal refusal) {
            throw new WsUpgradeException(String.valueOf(refusal.getMessage()), refusal);
        }
    }

    @Override
    public void onOpen(WsSession session) {
        counted = OPEN.tryAcquire();
        if (!counted) {
            session.close(CANNOT, "Expected at most " + AT_ONCE_MAX + " terminals at once");
            return;
        }
        try {
            terminal = interiors.open(Objects.requireNonNull(workspace), columns, rows, new SocketScreen(session));
            watchman = Thread.ofVirtual().name("terminal-watch").start(() -> watch(session));
        } catch (RuntimeException refused) {
            end();
            close(session, CANNOT, String.valueOf(refused.getMessage()));
        }
    }

    /// Keeps the connection alive, and ends the terminal once it is dead or whoever opened it may not any more:
    /// the server tells of neither.
    private void watch(WsSession session) {
        try {
            while (gate.stillAdmin(Objects.requireNonNull(shown))) {
                Thread.sleep(PING_PACE);
                writing.lock();
                try {
                    session.ping(BufferData.empty());
                } finally {
                    writing.unlock();
                }
            }
            end();
            close(session, CANNOT, "Expected the operator, whose session has ended");
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException gone) {
            end();
        }
    }

    @Override
    public void onMessage(WsSession session, String text, boolean last) {
        var size = resizing(text);
        var open = terminal;
        if (size != null && open != null) {
            open.resize(size[0], size[1]);
        } else {
            type(session, text.getBytes(StandardCharsets.UTF_8));
        }
    }

    @Override
    public void onMessage(WsSession session, BufferData buffer, boolean last) {
        type(session, buffer.readBytes());
    }

    @Override
    public void onPing(WsSession session, BufferData buffer) {
        writing.lock();
        try {
            session.pong(buffer);
        } finally {
            writing.unlock();
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

    private void type(WsSession session, byte[] input) {
        var open = terminal;
        if (open == null) {
            return;
        }
        if (input.length > INPUT_BYTES_MAX) {
            close(session, CANNOT, "Expected at most " + INPUT_BYTES_MAX + " bytes at once");
            return;
        }
        try {
            open.type(input);
        } catch (IOException ended) {
            close(session, NORMAL, "the shell ended");
        }
    }

    private synchronized void end() {
        if (terminal != null) {
            terminal.close();
            terminal = null;
        }
        if (counted) {
            counted = false;
            OPEN.release();
        }
        if (watchman != null && watchman != Thread.currentThread()) {
            watchman.interrupt();
        }
    }

    private void close(WsSession session, int status, String reason) {
        writing.lock();
        try {
            session.close(status, reason.substring(0, Math.min(reason.length(), REASON_LENGTH_MAX)));
        } finally {
            writing.unlock();
        }
    }

    /// Columns and rows, when a text is a message about the window and not something typed.
    private static int @Nullable [] resizing(String text) {
        if (!text.startsWith("{")) {
            return null;
        }
        try {
            var message = Json.read(text);
            var wide = message.path("cols").asInt();
            var high = message.path("rows").asInt();
            return message.path("type").asText().equals("resize") && fits(wide) && fits(high)
                    ? new int[] {wide, high}
                    : null;
        } catch (Json.MalformedException typed) {
            return null;
        }
    }

    private static int side(HttpPrologue prologue, String name, int otherwise) {
        var text = prologue.query().first(name).orElse(String.valueOf(otherwise));
        if (!text.matches("[0-9]{1,4}") || !fits(Integer.parseInt(text))) {
            throw new Refusal(Reason.BAD_REQUEST, "Expected \"" + name + "\" between 1 and " + SIDE_MAX);
        }
        return Integer.parseInt(text);
    }

    private static boolean fits(int side) {
        return side >= 1 && side <= SIDE_MAX;
    }

    private final class SocketScreen implements Interiors.Screen {

        private final WsSession session;

        SocketScreen(WsSession session) {
            this.session = session;
        }

        @Override
        public void show(byte[] output) throws IOException {
            writing.lock();
            try {
                session.send(BufferData.create(output), true);
            } catch (RuntimeException gone) {
                end();
                throw new IOException("The one in front of the terminal is gone", gone);
            } finally {
                writing.unlock();
            }
        }

        @Override
        public void ended() {
            try {
                close(session, NORMAL, "the shell ended");
            } catch (RuntimeException alreadyGone) {
                // Who has hung up needs no goodbye.
            }
        }
    }
}
