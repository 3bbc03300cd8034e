package ai.molecule.platform.registry;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;

/// A range of IP addresses, such as `10.0.0.0/8` or `fd00::/8`.
public record Cidr(InetAddress network, int bits) {

    /// Reads one; a bare address is a range of one.
    public static Optional<Cidr> parse(String text) {
        var slash = text.indexOf('/');
        var address = slash < 0 ? text : text.substring(0, slash);
        if (!address.matches("[0-9.]+|[0-9a-fA-F.]*:[0-9a-fA-F:.]*")) {
            return Optional.empty();
        }
        try {
            var network = InetAddress.getByName(address);
            var all = network.getAddress().length * 8;
            var bits = slash < 0 ? all : Integer.parseInt(text.substring(slash + 1));
            return bits < 0 || bits > all ? Optional.empty() : Optional.of(new Cidr(network, bits));
        } catch (UnknownHostException | NumberFormatException bad) {
            return Optional.empty();
        }
    }

    static Cidr of(String text) {
        return parse(text).orElseThrow(() -> new IllegalStateException("Expected a CIDR, but found " + text));
    }

    /// True when the address is in the range.
    public boolean contains(InetAddress address) {
        var mine = network.getAddress();
        var theirs = address.getAddress();
        if (mine.length != theirs.length) {
            return false;
        }
        for (int bit = 0; bit < bits; bit++) {
            var mask = 0x80 >> (bit % 8);
            if ((mine[bit / 8] & mask) != (theirs[bit / 8] & mask)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String toString() {
        return network.getHostAddress() + "/" + bits;
    }
}
