package ai.molecule.platform.registry;

import ai.molecule.protocol.Refusal;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.List;

/// Which URLs somebody may name for the platform to call, so that nobody makes it call into its own network.
///
/// Everything that is not a public address is refused unless the operator lists its range. Checked when a URL
/// is named and again before every call; the JVM's resolver answers both from one cache.
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
            Cidr.of("::/128"),
            Cidr.of("::1/128"),
            Cidr.of("64:ff9b::/96"),
            Cidr.of("fc00::/7"),
            Cidr.of("fe80::/10"),
            Cidr.of("ff00::/8"),
            Cidr.of("2001:db8::/32"));

    private final List<Cidr> allowed;
    private final String setting;

    /// @param allowed the ranges that are allowed beyond the public ones
    /// @param setting the name of the setting that lists them
    public UrlGuard(List<Cidr> allowed, String setting) {
        this.allowed = List.copyOf(allowed);
        this.setting = setting;
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
            throw refuse("Expected the host " + uri.getHost() + " to resolve, but it does not");
        }
        return uri;
    }

    private static URI parse(String url) {
        try {
            var uri = new URI(url);
            var scheme = uri.getScheme() == null ? "" : uri.getScheme();
            if ((!scheme.equalsIgnoreCase("http") && !scheme.equalsIgnoreCase("https")) || uri.getHost() == null) {
                throw refuse("Expected an http or https URL with a host");
            }
            if (uri.getRawUserInfo() != null || uri.getRawFragment() != null) {
                throw refuse("Expected a URL without user and fragment");
            }
            return uri;
        } catch (URISyntaxException bad) {
            throw refuse("Expected a URL, but found: " + bad.getReason());
        }
    }

    private void checkAddresses(URI uri) throws UnknownHostException {
        for (var address : InetAddress.getAllByName(uri.getHost())) {
            if (contains(NOT_PUBLIC, address) && !contains(allowed, address)) {
                throw refuse("Expected a public address, but " + uri.getHost()
                        + " is not; the operator can list its range in " + setting);
            }
        }
    }

    private static boolean contains(List<Cidr> ranges, InetAddress address) {
        return ranges.stream().anyMatch(range -> range.contains(address));
    }

    private static Refusal refuse(String message) {
        return new Refusal(Refusal.Reason.URL_NOT_ALLOWED, message);
    }
}
