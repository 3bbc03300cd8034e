package ai.molecule.platform.workspace;

import ai.molecule.platform.backend.Size;
import ai.molecule.protocol.WireException;

/// A size, the same on every backend, and nothing but a size.
public enum Tier {
    T1(1, new Size(256, 0.5)),
    T2(2, new Size(512, 1)),
    T3(3, new Size(2048, 2)),
    T4(4, new Size(4096, 4));

    private final int number;
    private final Size size;

    Tier(int number, Size size) {
        this.number = number;
        this.size = size;
    }

    /// The tier with a number from 1 to 4.
    ///
    /// @throws WireException when there is none
    public static Tier of(long number) {
        for (var tier : values()) {
            if (tier.number == number) {
                return tier;
            }
        }
        throw new WireException("Expected \"tier\" to be 1, 2, 3 or 4, but found " + number);
    }

    public int number() {
        return number;
    }

    /// How much of a machine it is.
    public Size size() {
        return size;
    }
}
