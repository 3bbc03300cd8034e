package ai.molecule.platform.registry;

import ai.molecule.protocol.Network;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.net.spi.InetAddressResolver;
import java.net.spi.InetAddressResolverProvider;
import java.security.Security;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// Looks names up for this JVM, and leaves out of an answer what the [UrlGuard] of the one who asks does not permit.
///
/// What is connected to is thereby what was checked, however a name server answers from one moment to the next (DNS
/// rebinding). The JVM keeps no answers, because they would be shared by those who are guarded and those who are not.
public final class GuardedNames extends InetAddressResolverProvider {

    /// A name that means this machine, to try the guard out with. `localhost` will not do: the JVM knows it without us.
    static final String PROBE = "probe.molecule.invalid";

    private static final ScopedValue<UrlGuard> GUARD = ScopedValue.newInstance();

    /// Called by the JVM when the first name is looked up.
    public GuardedNames() {
        keepNoAnswers();
    }

    /// To be called before anything looks a name up: the JVM reads it once.
    public static void keepNoAnswers() {
        Security.setProperty("networkaddress.cache.ttl", "0");
        Security.setProperty("networkaddress.cache.negative.ttl", "0");
    }

    /// Tries out whether names are guarded in this JVM. Where they come from a file of the operator's
    /// (`jdk.net.hosts.file`) no name server is asked, and nobody can change what they mean.
    ///
    /// @throws IllegalStateException when they are not, because this is not the JVM's resolver or answers are kept
    static void prove() {
        if (System.getProperty("jdk.net.hosts.file") != null) {
            return;
        }
        var nobody = new UrlGuard(List.of(), "nothing", true, Network.DIRECT);
        if (!isKnown() || under(nobody, GuardedNames::isKnown)) {
            throw new IllegalStateException("Expected names to be guarded in this JVM, but they are not; start it with"
                    + " -Dsun.net.inetaddr.ttl=0 -Dsun.net.inetaddr.negative.ttl=0");
        }
    }

    private static boolean isKnown() {
        try {
            return InetAddress.getAllByName(PROBE).length > 0;
        } catch (UnknownHostException unknown) {
            return false;
        }
    }

    /// Does something under a guard.
    static <T> T under(UrlGuard guard, Supplier<T> call) {
        return ScopedValue.where(GUARD, guard).call(call::get);
    }

    @Override
    public InetAddressResolver get(Configuration configuration) {
        return guarding(configuration.builtinResolver());
    }

    /// Guards another resolver.
    static InetAddressResolver guarding(InetAddressResolver resolver) {
        return new InetAddressResolver() {
            @Override
            public Stream<InetAddress> lookupByName(String host, LookupPolicy policy) throws UnknownHostException {
                var found = host.equals(PROBE)
                        ? Stream.of(InetAddress.getLoopbackAddress())
                        : resolver.lookupByName(host, policy);
                if (!GUARD.isBound()) {
                    return found;
                }
                var permitted = found.filter(GUARD.get()::permits).toList();
                if (permitted.isEmpty()) {
                    throw new UnknownHostException(host + ": no address that may be called");
                }
                return permitted.stream();
            }

            @Override
            public String lookupByAddress(byte[] address) throws UnknownHostException {
                return resolver.lookupByAddress(address);
            }
        };
    }

    @Override
    public String name() {
        return "molecule";
    }
}
