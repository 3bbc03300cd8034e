package ai.molecule.platform.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.molecule.protocol.Network;
import com.sun.net.httpserver.HttpServer;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.spi.InetAddressResolver;
import java.net.spi.InetAddressResolver.LookupPolicy;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Between the moment a URL is checked and the moment it is connected to, its name may come to mean something else.
class GuardedNamesTest {

    private final UrlGuard publicOnly = new UrlGuard(List.of(), "ALLOWED_AGENT_CIDRS", true, Network.DIRECT);
    private final UrlGuard here =
            new UrlGuard(List.of(Cidr.of("127.0.0.0/8"), Cidr.of("::1/128")), "X", true, Network.DIRECT);
    private final AtomicInteger calls = new AtomicInteger();
    private HttpServer server;

    @BeforeEach
    void open() throws Exception {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            calls.incrementAndGet();
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });
        server.start();
    }

    @AfterEach
    void close() {
        server.stop(0);
    }

    private int call(UrlGuard guard) throws Exception {
        try (var client = new GuardedClient(guard, Network.DIRECT)) {
            var uri = URI.create(
                    "http://" + GuardedNames.PROBE + ":" + server.getAddress().getPort() + "/");
            return client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.discarding())
                    .statusCode();
        }
    }

    @Test
    void aClientUnderAGuardConnectsToWhatIsPermittedAndToNothingElse() throws Exception {
        assertThat(call(here)).isEqualTo(204);
        // What others looked up before is not its answer.
        assertThat(InetAddress.getAllByName(GuardedNames.PROBE)[0].isLoopbackAddress())
                .isTrue();
        assertThatThrownBy(() -> call(publicOnly)).isInstanceOf(java.io.IOException.class);
        assertThat(calls).hasValue(1);
        assertThat(InetAddress.getAllByName(GuardedNames.PROBE)[0].isLoopbackAddress())
                .as("nobody else is guarded")
                .isTrue();
        assertThat(call(here)).isEqualTo(204);
    }

    @Test
    void ofSeveralAddressesThePermittedOnesAreLeft() throws Exception {
        var inside = InetAddress.getByName("10.0.0.1");
        var outside = InetAddress.getByName("8.8.8.8");
        assertThat(lookUp(Stream.of(inside, outside))).containsExactly(outside);
        assertThatThrownBy(() -> lookUp(Stream.of(inside))).hasRootCauseInstanceOf(UnknownHostException.class);
    }

    private List<InetAddress> lookUp(Stream<InetAddress> answer) {
        var resolver = GuardedNames.guarding(new InetAddressResolver() {
            @Override
            public Stream<InetAddress> lookupByName(String host, LookupPolicy policy) {
                return answer;
            }

            @Override
            public String lookupByAddress(byte[] address) {
                return "";
            }
        });
        return GuardedNames.under(publicOnly, () -> {
            try {
                return resolver.lookupByName("rebound.example", LookupPolicy.of(LookupPolicy.IPV4))
                        .toList();
            } catch (UnknownHostException nothing) {
                throw new UncheckedIOException(nothing);
            }
        });
    }
}
