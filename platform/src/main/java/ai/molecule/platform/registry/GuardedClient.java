package ai.molecule.platform.registry;

import ai.molecule.protocol.Network;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/// Calls URLs that somebody named: what it connects to is what a [UrlGuard] permits at that moment. HTTP/1.1, no
/// redirects.
///
/// The JDK's client looks names up on the caller's thread or on one of its own; the guard stands on both.
public final class GuardedClient implements AutoCloseable {

    private final UrlGuard guard;
    private final HttpClient client;

    public GuardedClient(UrlGuard guard, Network network) {
        GuardedNames.prove();
        this.guard = guard;
        this.client = network.builder()
                .executor(task -> Thread.ofVirtual()
                        .name("guarded-call")
                        .start(() -> GuardedNames.under(guard, () -> {
                            task.run();
                            return true;
                        })))
                .build();
    }

    /// Sends a request; its future is done when the head of the answer is there.
    public <T> CompletableFuture<HttpResponse<T>> sendAsync(HttpRequest request, BodyHandler<T> body) {
        return GuardedNames.under(guard, () -> client.sendAsync(request, body));
    }

    /// Sends a request and waits for the answer.
    ///
    /// @throws IOException when none came
    public <T> HttpResponse<T> send(HttpRequest request, BodyHandler<T> body) throws IOException, InterruptedException {
        var answer = sendAsync(request, body);
        try {
            return answer.get();
        } catch (ExecutionException | CancellationException failed) {
            throw failed.getCause() instanceof IOException broken
                    ? broken
                    : new IOException("Expected an answer", failed);
        } catch (InterruptedException stopping) {
            answer.cancel(true);
            throw stopping;
        }
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
