package ai.molecule.platform.backend.docker;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A range of IPv4 addresses, cut into blocks of eight: room for a gateway, an agent, and the platform.
///
/// @param base the first address, as a number
/// @param count how many blocks there are
public record Subnets(long base, int count) {

    static final int BLOCK = 8;
    private static final int BLOCK_PREFIX = 29;

    private static final Pattern RANGE =
            Pattern.compile("([0-9]{1,3})[.]([0-9]{1,3})[.]([0-9]{1,3})[.]([0-9]{1,3})/([0-9]{1,2})");
    private static final int PREFIX_MIN = 8;
    private static final int PREFIX_MAX = 24;

    /// Reads `10.240.0.0/16`.
    ///
    /// @throws IllegalArgumentException when it is no range, or too small or large a one
    public static Subnets parse(String text) {
        var range = RANGE.matcher(text);
        if (!range.matches()) {
            throw new IllegalArgumentException("expected a range such as 10.240.0.0/16, but found " + text);
        }
        var base = first(range);
        var prefix = Integer.parseInt(range.group(5));
        if (prefix < PREFIX_MIN || prefix > PREFIX_MAX || base % (1L << (32 - prefix)) != 0 || base >= 1L << 32) {
            throw new IllegalArgumentException("expected the first address of a range of /" + PREFIX_MIN + " to /"
                    + PREFIX_MAX + ", but found " + text);
        }
        return new Subnets(base, 1 << (BLOCK_PREFIX - prefix));
    }

    /// A single block, as one that was cut from another range.
    static Optional<Subnets> ofBlock(String block) {
        var range = RANGE.matcher(block);
        return range.matches() && range.group(5).equals(String.valueOf(BLOCK_PREFIX))
                ? Optional.of(new Subnets(first(range), 1))
                : Optional.empty();
    }

    /// A block's range.
    String block(int index) {
        return address(index, 0) + "/" + BLOCK_PREFIX;
    }

    /// The engine's own address in a block.
    String gateway(int index) {
        return address(index, 1);
    }

    /// The agent's address in a block.
    String agent(int index) {
        return address(index, 2);
    }

    /// The platform's address in a block, where it runs in a container itself.
    String platform(int index) {
        return address(index, 3);
    }

    /// Which block a range is, if it is one of these.
    Optional<Integer> indexOf(String block) {
        var range = RANGE.matcher(block);
        if (!range.matches()) {
            return Optional.empty();
        }
        var first = first(range);
        var index = (first - base) / BLOCK;
        return first < base || index >= count ? Optional.empty() : Optional.of((int) index);
    }

    /// The first address as a number; out of every range when a part of it is no byte.
    private static long first(Matcher range) {
        var number = 0L;
        for (int i = 1; i <= 4; i++) {
            var part = Integer.parseInt(range.group(i));
            if (part > 255) {
                return Long.MAX_VALUE;
            }
            number = number * 256 + part;
        }
        return number;
    }

    private String address(int index, int offset) {
        var number = base + (long) index * BLOCK + offset;
        return (number >> 24) + "." + (number >> 16 & 255) + "." + (number >> 8 & 255) + "." + (number & 255);
    }
}
