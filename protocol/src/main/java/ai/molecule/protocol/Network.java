package ai.molecule.protocol;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/// How calls get out: through which proxy, and whose certificates are trusted. By the variables that other programs
/// know: `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, `SSL_CERT_FILE`.
public final class Network {

    /// Without a proxy, with the JVM's own certificates.
    public static final Network DIRECT = new Network(Optional.empty(), Optional.empty());

    private static final Duration CONNECT_PATIENCE = Duration.ofSeconds(5);

    private final Optional<Proxies> proxies;
    private final Optional<SSLContext> trust;

    private Network(Optional<Proxies> proxies, Optional<SSLContext> trust) {
        this.proxies = proxies;
        this.trust = trust;
    }

    /// Reads the environment.
    ///
    /// @throws IllegalArgumentException when a variable is of no use
    public static Network of(Map<String, String> environment) {
        var https = variable(environment, "HTTPS_PROXY");
        var http = variable(environment, "HTTP_PROXY");
        var except = Arrays.stream(variable(environment, "NO_PROXY").split(",", -1))
                .map(name -> name.strip().toLowerCase(Locale.ROOT))
                .filter(name -> !name.isEmpty())
                .map(name -> name.startsWith(".") ? name.substring(1) : name)
                .toList();
        var file = variable(environment, "SSL_CERT_FILE");
        return new Network(
                https.isEmpty() && http.isEmpty()
                        ? Optional.empty()
                        : Optional.of(new Proxies(proxy("HTTPS_PROXY", https), proxy("HTTP_PROXY", http), except)),
                file.isEmpty() ? Optional.empty() : Optional.of(trusting(Path.of(file))));
    }

    /// The same, but without a proxy where a call is not encrypted: for calls that mostly stay nearby.
    public Network directWithoutTls() {
        return new Network(proxies.map(Proxies::httpsOnly), trust);
    }

    /// True where a proxy connects to an address.
    public boolean proxies(URI uri) {
        return proxies.map(chosen -> !chosen.select(uri).contains(Proxy.NO_PROXY))
                .orElse(false);
    }

    /// A client that goes this way, speaks HTTP/1.1 and follows no redirects.
    public HttpClient client() {
        return builder().build();
    }

    /// The same, to which more can be said.
    public HttpClient.Builder builder() {
        var builder = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(CONNECT_PATIENCE)
                .followRedirects(HttpClient.Redirect.NEVER);
        proxies.ifPresent(builder::proxy);
        trust.ifPresent(builder::sslContext);
        return builder;
    }

    private static String variable(Map<String, String> environment, String name) {
        return environment
                .getOrDefault(name, environment.getOrDefault(name.toLowerCase(Locale.ROOT), ""))
                .strip();
    }

    private static Optional<InetSocketAddress> proxy(String name, String text) {
        if (text.isEmpty()) {
            return Optional.empty();
        }
        try {
            var uri = URI.create(text.contains("://") ? text : "http://" + text);
            if (uri.getHost() == null) {
                throw new IllegalArgumentException("no host");
            }
            return Optional.of(new InetSocketAddress(uri.getHost(), uri.getPort() < 0 ? 3128 : uri.getPort()));
        } catch (IllegalArgumentException bad) {
            throw new IllegalArgumentException(name + ": expected http://host:port, but found " + text, bad);
        }
    }

    private static SSLContext trusting(Path file) {
        try (var in = Files.newInputStream(file)) {
            var store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            var number = 0;
            for (var certificate : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                store.setCertificateEntry("ca-" + number++, certificate);
            }
            if (number == 0) {
                throw new IllegalArgumentException("SSL_CERT_FILE: expected certificates in " + file);
            }
            var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            var context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (IOException | GeneralSecurityException bad) {
            throw new IllegalArgumentException("SSL_CERT_FILE: expected PEM certificates in " + file + ": " + bad, bad);
        }
    }

    private static final class Proxies extends ProxySelector {

        private final Optional<InetSocketAddress> https;
        private final Optional<InetSocketAddress> http;
        private final List<String> except;

        Proxies(Optional<InetSocketAddress> https, Optional<InetSocketAddress> http, List<String> except) {
            this.https = https;
            this.http = http;
            this.except = List.copyOf(except);
        }

        Proxies httpsOnly() {
            return new Proxies(https, Optional.empty(), except);
        }

        @Override
        public List<Proxy> select(URI uri) {
            var host = String.valueOf(uri.getHost()).toLowerCase(Locale.ROOT);
            var secure = uri.getScheme().equals("https") || uri.getScheme().equals("wss");
            var proxy =
                    except.stream().anyMatch(name -> name.equals("*") || host.equals(name) || host.endsWith("." + name))
                            ? Optional.<InetSocketAddress>empty()
                            : (secure ? https : http);
            return List.of(
                    proxy.map(address -> new Proxy(Proxy.Type.HTTP, address)).orElse(Proxy.NO_PROXY));
        }

        @Override
        public void connectFailed(URI uri, SocketAddress address, IOException failure) {
            System.err.println("the proxy at " + address + " cannot be reached: " + failure.getMessage());
        }
    }
}
