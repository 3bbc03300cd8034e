package ai.molecule.fly;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/// Gives every machine an address of its own in 127.0.0.0/8, all of which is this machine's; Fly gives an IPv6
/// address of the organisation's private network.
final class Addresses {

    private final int second = ThreadLocalRandom.current().nextInt(16, 240);
    private final int third = ThreadLocalRandom.current().nextInt(256);
    private final AtomicInteger given = new AtomicInteger();

    String next() {
        var number = given.incrementAndGet();
        return "127." + second + "." + (third + number / 250) % 256 + "." + (1 + number % 250);
    }
}
