package ai.molecule.platform.registry;

import ai.molecule.protocol.Network;
import ai.molecule.protocol.Refusal;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.regex.Pattern;

/// Which URLs somebody may name for the platform to call, so that nobody makes it call into its own network.
///
/// Everything that is not a public address is refused unless the operator lists its range, with one error for all of
/// it, so that nobody learns from it what there is. Checked when a URL is named, before every call, and once more where
/// the name is looked up to connect ([GuardedNames]): a name that meanwhile means another address leads nowhere.
/// Redirects are not followed.
public final class UrlGuard {

    private static final List<Cidr> NOT_PUBLIC = List.of(
            Cidr.of("0.0.0.0/8"),
            Cidr.of("10.0.0.0/8"),
            Cidr.of("100.64.0.0/10"),
            Cidr.of("127.0.0.0/8"),
            Cidr.of("169.254.0.0/16"),
            Cidr.of("172.16.0.0/12"),
            Cidr.of("192.0.0.0/24"),
            Cidr.of("192.0.2.0/24"),
            Cidr.of("192.168.0.0/16"),
            Cidr.of("198.18.0.0/15"),
            Cidr.of("198.51.100.0/24"),
            Cidr.of("203.0.113.0/24"),
            Cidr.of("224.0.0.0/3"),
            Cidr.of("192.88.99.0/24"),
            // IPv4-compatible, unspecified and loopback; then those in which an IPv4 address is hidden.
            Cidr.of("::/96"),
            Cidr.of("64:ff9b::/96"),
            Cidr.of("64:ff9b:1::/48"),
            Cidr.of("2002::/16"),
            Cidr.of("2001::/32"),
            Cidr.of("::ffff:0:0:0/96"),
            Cidr.of("3fff::/20"),
            Cidr.of("5f00::/16"),
            Cidr.of("2001:2::/48"),
            Cidr.of("2001:10::/28"),
            Cidr.of("100::/64"),
            Cidr.of("fec0::/10"),
            Cidr.of("fc00::/7"),
            Cidr.of("fe80::/10"),
            Cidr.of("ff00::/8"),
            Cidr.of("2001:db8::/32"));

    /// A host that ends in a number is an IPv4 address (WHATWG URL, section 3.5), and has one spelling here.
    private static final Pattern NUMERIC = Pattern.compile("(?:.*[.])?(?:[0-9]+|0[xX][0-9a-fA-F]*)");
    private static final Pattern DOTTED = Pattern.compile("(?:(?:0|[1-9][0-9]{0,2})[.]){3}(?:0|[1-9][0-9]{0,2})");

    private final List<Cidr> allowed;
    private final String setting;
    private final boolean plainText;
    private final Network network;

    /// @param allowed the ranges that are allowed beyond the public ones
    /// @param setting the name of the setting that lists them
    /// @param plainText true where public addresses may be called without encryption
    /// @param network how calls get out; where a proxy makes the connection, names are the proxy's to look up
    public UrlGuard(List<Cidr> allowed, String setting, boolean plainText, Network network) {
        this.allowed = List.copyOf(allowed);
        this.setting = setting;
        this.plainText = plainText;
        this.network = network;
    }

    /// True for an address that may be called.
    boolean permits(InetAddress address) {
        return !contains(NOT_PUBLIC, address) || contains(allowed, address);
    }

    /// Checks the form of a URL, and its address where the name resolves already.
    ///
    /// @throws Refusal `url_not_allowed`
    public URI checkWhenNamed(String url) {
        var uri = parse(url);
        try {
            checkAddresses(uri);
        } catch (UnknownHostException notYet) {
            // A name may be published later than it is given to us; it is checked again before every call.
            return uri;
        }
        return uri;
    }

    /// Checks a URL just before it is called.
    ///
    /// @throws Refusal `url_not_allowed`, also when the name does not resolve
    public URI checkBeforeCall(String url) {
        var uri = parse(url);
        try {
            checkAddresses(uri);
        } catch (UnknownHostException unknown) {
            throw notPermitted(uri);
        }
        return uri;
    }

    private URI parse(String url) {
        try {
            var uri = new URI(url);
            var scheme = uri.getScheme() == null ? "" : uri.getScheme();
            if ((!scheme.equalsIgnoreCase("http") && !scheme.equalsIgnoreCase("https")) || uri.getHost() == null) {
                throw refuse("Expected an http or https URL with a host");
            }
            if (uri.getRawUserInfo() != null || uri.getRawFragment() != null) {
                throw refuse("Expected a URL without user and fragment");
            }
            if (isOdd(uri.getHost())) {
                throw notPermitted(uri);
            }
            return uri;
        } catch (URISyntaxException bad) {
            throw refuse("Expected a URL, but found: " + bad.getReason());
        }
    }

    /// Another spelling of what has a plain one: octal, hexadecimal or short addresses, zones, a dot at the end.
    private static boolean isOdd(String host) {
        return host.endsWith(".")
                || host.contains("%")
                || (NUMERIC.matcher(host).matches() && !DOTTED.matcher(host).matches());
    }

    private void checkAddresses(URI uri) throws UnknownHostException {
        for (var address : addresses(uri)) {
            if (!permits(address)) {
                throw notPermitted(uri);
            }
            if (!contains(allowed, address)) {
                checkEncrypted(uri);
            }
        }
    }

    private void checkEncrypted(URI uri) {
        if (!plainText && uri.getScheme().equalsIgnoreCase("http")) {
            throw refuse(
                    "Expected an https URL for a public address; the operator can allow http with ALLOW_HTTP_AGENTS");
        }
    }

    /// Behind a proxy a name need not mean anything here; where it does, it must not mean what is nearby.
    private List<InetAddress> addresses(URI uri) throws UnknownHostException {
        try {
            return List.of(InetAddress.getAllByName(uri.getHost()));
        } catch (UnknownHostException unknown) {
            if (!network.proxies(uri)) {
                throw unknown;
            }
            checkEncrypted(uri);
            return List.of();
        }
    }

    /// The same whether it is private, is spelled in an odd way, or does not exist.
    private Refusal notPermitted(URI uri) {
        return refuse("Expected a URL that leads to a public address or into " + setting + ", but " + uri.getHost()
                + " does not");
    }

    private static boolean contains(List<Cidr> ranges, InetAddress address) {
        return ranges.stream().anyMatch(range -> range.contains(address));
    }

    private static Refusal refuse(String message) {
        return new Refusal(Refusal.Reason.URL_NOT_ALLOWED, message);
    }
}
