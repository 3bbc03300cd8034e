package ai.molecule.platform.ledger;

import ai.molecule.platform.store.DatabaseException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/// Commits what many threads write at the same time with one statement; each waits until its own is committed.
///
/// One lane commits one batch after the other, so what waits meanwhile makes the next batch. Where a batch
/// fails, each of its items is tried alone, so that a bad one does no harm to the others.
final class GroupCommit<I, O> implements AutoCloseable {

    private static final int BATCH_MAX = 256;
    private static final int WAITING_MAX = 10_000;

    private final BlockingQueue<Waiting<I, O>> waiting = new ArrayBlockingQueue<>(WAITING_MAX);
    private static final long BATCH_WEIGHT_MAX = 8 * 1024 * 1024;

    private final ToLongFunction<I> weight;
    private final Function<List<I>, List<O>> commit;
    private final Thread lane;

    /// @param weight about how many bytes an item takes
    /// @param commit writes a batch and gives the result of each item, in the order of the items
    GroupCommit(String name, ToLongFunction<I> weight, Function<List<I>, List<O>> commit) {
        this.weight = weight;
        this.commit = commit;
        this.lane = Thread.ofVirtual().name(name).unstarted(this::run);
        lane.start();
    }

    private record Waiting<I, O>(I item, CompletableFuture<O> result) {}

    /// Writes an item and waits until it is committed.
    ///
    /// @throws DatabaseException when it could not be written, or nobody can say whether it was
    O write(I item) {
        var own = new Waiting<I, O>(item, new CompletableFuture<>());
        try {
            waiting.put(own);
            return own.result().join();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Expected to write to the ledger, but was interrupted", stopped);
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw failed;
        }
    }

    @Override
    public void close() {
        lane.interrupt();
        var closed = new IllegalStateException("Expected to write to the ledger, but it is closed");
        waiting.forEach(one -> one.result().completeExceptionally(closed));
    }

    private void run() {
        var batch = new ArrayList<Waiting<I, O>>();
        try {
            while (true) {
                gather(batch);
                commitAll(batch);
                batch.clear();
            }
        } catch (InterruptedException closing) {
            Thread.currentThread().interrupt();
        }
    }

    private void gather(List<Waiting<I, O>> batch) throws InterruptedException {
        @Nullable Waiting<I, O> next = waiting.take();
        var heavy = 0L;
        while (next != null) {
            batch.add(next);
            heavy += weight.applyAsLong(next.item());
            next = batch.size() < BATCH_MAX && heavy < BATCH_WEIGHT_MAX ? waiting.poll() : null;
        }
    }

    private void commitAll(List<Waiting<I, O>> batch) {
        try {
            var results = commit.apply(batch.stream().map(Waiting::item).toList());
            for (int i = 0; i < batch.size(); i++) {
                batch.get(i).result().complete(results.get(i));
            }
        } catch (RuntimeException failed) {
            var lost = failed instanceof DatabaseException broken && broken.unavailable();
            if (batch.size() == 1 || lost) {
                batch.forEach(one -> one.result().completeExceptionally(failed));
            } else {
                batch.forEach(one -> commitAll(List.of(one)));
            }
        }
    }
}
