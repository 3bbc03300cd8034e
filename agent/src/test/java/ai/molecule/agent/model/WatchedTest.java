package ai.molecule.agent.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.molecule.agent.model.Watched.Bounds;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class WatchedTest {

    private static final Duration LONG = Duration.ofMinutes(1);

    @Test
    void whatComesInTimeIsReadWhole() throws IOException {
        var text = new ByteArrayInputStream("all of it".getBytes(StandardCharsets.UTF_8));
        try (var watched = new Watched(text, Bounds.USUAL)) {
            assertThat(watched.readAllBytes()).asString(StandardCharsets.UTF_8).isEqualTo("all of it");
        }
    }

    @Test
    void oneThatFallsSilentIsBrokenOff() throws IOException {
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                var caller = new Socket(InetAddress.getLoopbackAddress(), server.getLocalPort());
                var silent = server.accept();
                var watched = new Watched(caller.getInputStream(), new Bounds(Duration.ofSeconds(1), LONG, 1000))) {
            silent.getOutputStream().write('x');
            assertThat(watched.read()).isEqualTo('x');
            assertThatThrownBy(watched::read).isInstanceOf(IOException.class).hasMessageContaining("nothing for 1 s");
        }
    }

    @Test
    void oneWithoutEndIsBrokenOff() {
        var endless = new InputStream() {
            @Override
            public int read() {
                return 'x';
            }
        };
        assertThatThrownBy(() -> new Watched(endless, new Bounds(LONG, LONG, 10_000)).readAllBytes())
                .hasMessageContaining("more than 10000 bytes");
        assertThatThrownBy(() -> new Watched(endless, new Bounds(LONG, Duration.ofMillis(100), Long.MAX_VALUE))
                        .transferTo(OutputStream.nullOutputStream()))
                .hasMessageContaining("took longer");
    }
}
