package ai.molecule.agent.uplink;

import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/// Where the platform is: one address, or several that lead to processes of the same platform. The one that was
/// reached last is asked first; whoever finds it away moves on to the next.
public final class Addresses {

    private final List<URI> all;
    private final AtomicInteger at = new AtomicInteger();

    /// @param all the bases of the platform's API, at least one
    public Addresses(List<URI> all) {
        if (all.isEmpty()) {
            throw new IllegalArgumentException("expected an address of the platform");
        }
        this.all = all.stream().map(Addresses::base).toList();
    }

    /// Reads addresses with commas between them.
    ///
    /// @throws IllegalArgumentException when one is no http or https address
    public static Addresses of(String text) {
        return new Addresses(Arrays.stream(text.split(",", -1))
                .map(String::strip)
                .filter(one -> !one.isEmpty())
                .map(Addresses::parse)
                .toList());
    }

    private static URI parse(String text) {
        if (!text.matches("https?://[^/ ]+.*")) {
            throw new IllegalArgumentException("expected http://host or https://host, but found " + text);
        }
        return URI.create(text);
    }

    private static URI base(URI address) {
        return address.getPath().endsWith("/") ? address : URI.create(address + "/");
    }

    /// The one to ask, with a slash at its end.
    public URI current() {
        return all.get(at.get());
    }

    /// Leaves an address that cannot be reached, unless somebody else has by now.
    public void leave(URI away) {
        var index = all.indexOf(away);
        at.compareAndSet(index, (index + 1) % all.size());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Addresses same && same.all.equals(all);
    }

    @Override
    public int hashCode() {
        return all.hashCode();
    }

    /// With commas between them.
    @Override
    public String toString() {
        return all.stream().map(URI::toString).collect(Collectors.joining(","));
    }
}
