package ai.molecule.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;

/// Sends requests over some connections, each as fast as it is answered, and measures every answer.
final class Load {

    private Load() {}

    /// What a load came to; times in nanoseconds.
    record Result(double perSecond, long p50, long p99, long failures) {
        String micros(long nanos) {
            return nanos < 10_000_000 ? nanos / 1000 + " µs" : nanos / 1_000_000 + " ms";
        }

        @Override
        public String toString() {
            return "%,.0f/s, p50 %s, p99 %s%s"
                    .formatted(perSecond, micros(p50), micros(p99), failures > 0 ? ", " + failures + " FAILED" : "");
        }
    }

    /// Warms up, then measures.
    ///
    /// @param requests the n-th request of a connection
    static Result run(int port, int connections, Duration warmUp, Duration measured, IntFunction<byte[]> requests)
            throws InterruptedException, ExecutionException {
        once(port, connections, warmUp, requests);
        return once(port, connections, measured, requests);
    }

    private static Result once(int port, int connections, Duration duration, IntFunction<byte[]> requests)
            throws InterruptedException, ExecutionException {
        var until = System.nanoTime() + duration.toNanos();
        var parts = new ArrayList<Future<Part>>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < connections; i++) {
                var first = i;
                Callable<Part> work = () -> drive(port, first, connections, until, requests);
                parts.add(threads.submit(work));
            }
        }
        var times = new long[0];
        var failures = 0L;
        for (var part : parts) {
            var one = part.get();
            var all = Arrays.copyOf(times, times.length + one.times().length);
            System.arraycopy(one.times(), 0, all, times.length, one.times().length);
            times = all;
            failures += one.failures();
        }
        Arrays.sort(times);
        var seconds = duration.toNanos() / 1e9;
        return new Result(times.length / seconds, at(times, 0.5), at(times, 0.99), failures);
    }

    private static Part drive(int port, int first, int step, long until, IntFunction<byte[]> requests)
            throws IOException {
        var times = new long[1024];
        var count = 0;
        var failures = 0L;
        try (var line = new Line(port)) {
            for (int n = first; System.nanoTime() < until; n += step) {
                var request = requests.apply(n);
                var began = System.nanoTime();
                var answer = line.call(request);
                if (count == times.length) {
                    times = Arrays.copyOf(times, count * 2);
                }
                times[count++] = System.nanoTime() - began;
                if (answer.status() != 200 && failures++ == 0) {
                    System.err.println("first failure: " + answer.status() + " " + answer.body());
                }
            }
        }
        return new Part(Arrays.copyOf(times, count), failures);
    }

    private static long at(long[] sorted, double share) {
        return sorted.length == 0 ? 0 : sorted[(int) Math.min(sorted.length - 1, (long) (sorted.length * share))];
    }

    private record Part(long[] times, long failures) {}
}
