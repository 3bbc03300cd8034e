package ai.molecule.fly;

import java.util.EnumMap;
import java.util.Map;

/// How often each operation was called. Soft.
public final class Calls {

    private final Map<Operation, Integer> counts = new EnumMap<>(Operation.class);
    private int limited;

    synchronized void count(Operation operation) {
        counts.merge(operation, 1, Integer::sum);
    }

    synchronized void limit() {
        limited++;
    }

    /// How many calls were refused for their rate.
    public synchronized int limited() {
        return limited;
    }

    /// How often an operation was called.
    public synchronized int of(Operation operation) {
        return counts.getOrDefault(operation, 0);
    }

    /// Every operation that was called, and how often.
    public synchronized Map<Operation, Integer> all() {
        return new EnumMap<>(counts);
    }

    /// Counts from the beginning.
    public synchronized void clear() {
        counts.clear();
        limited = 0;
    }
}
