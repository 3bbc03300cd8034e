package ai.molecule.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
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

    /// Sends so many requests a second, whether earlier ones are answered or not: each is measured from when it
    /// was due.
    static Result steady(int port, int connections, int perSecond, Duration measured, byte[] request)
            throws InterruptedException, ExecutionException {
        return once(port, connections, measured, 1_000_000_000L * connections / perSecond, any -> request);
    }

    private static Result once(int port, int connections, Duration duration, IntFunction<byte[]> requests)
            throws InterruptedException, ExecutionException {
        return once(port, connections, duration, 0, requests);
    }

    /// @param pace nanoseconds between two requests of a connection; 0 for as fast as they are answered
    private static Result once(int port, int connections, Duration duration, long pace, IntFunction<byte[]> requests)
            throws InterruptedException, ExecutionException {
        var until = System.nanoTime() + duration.toNanos();
        var parts = new ArrayList<Future<Part>>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < connections; i++) {
                var first = i;
                Callable<Part> work = () -> drive(port, first, connections, until, pace, requests);
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

    private static Part drive(int port, int first, int step, long until, long pace, IntFunction<byte[]> requests)
            throws IOException {
        var times = new long[1024];
        var count = 0;
        var failures = 0L;
        try (var line = new Line(port)) {
            var due = System.nanoTime() + pace * first / step;
            for (int n = first; System.nanoTime() < until; n += step) {
                var request = requests.apply(n);
                LockSupport.parkNanos(pace == 0 ? 0 : due - System.nanoTime());
                var began = pace == 0 ? System.nanoTime() : due;
                due += pace;
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
