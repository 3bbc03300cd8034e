package ai.molecule.platform.a2a;

import ai.molecule.platform.a2a.PushStore.Phase;
import ai.molecule.platform.ledger.Ledger;
import ai.molecule.platform.ledger.Numbered;
import ai.molecule.platform.registry.GuardedClient;
import ai.molecule.platform.registry.UrlGuard;
import ai.molecule.platform.store.Database;
import ai.molecule.platform.store.DatabaseException;
import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.Canonical;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Legacy;
import ai.molecule.protocol.Network;
import ai.molecule.protocol.RestBinding;
import ai.molecule.protocol.TaskTree;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Sends push notifications: each event of a task once it is in the ledger, in order, again and again until its
/// target takes it or it is given up. The target is checked again before every call, and no redirect is
/// followed.
///
/// What was sent is durable; a process that is gone is replaced by another after a minute.
public final class PushRelay implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(PushRelay.class);
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration BACK_OFF_FIRST = Duration.ofSeconds(1);
    private static final Duration BACK_OFF_MAX = Duration.ofMinutes(10);
    private static final int ATTEMPTS_MAX = 12;
    private static final int AT_ONCE_MAX = 32;
    private static final int EVENTS_MAX = 500;

    private final PushStore store;
    private final Ledger ledger;
    private final UrlGuard urls;
    private final InstantSource clock;
    private final Semaphore slots = new Semaphore(AT_ONCE_MAX);
    private final GuardedClient client;

    public PushRelay(Database database, Ledger ledger, UrlGuard urls, Network network, InstantSource clock) {
        this.client = new GuardedClient(urls, network);
        this.store = new PushStore(database);
        this.ledger = ledger;
        this.urls = urls;
        this.clock = clock;
    }

    /// Sends what is due, each target on a thread of its own.
    public void round() {
        var free = slots.availablePermits();
        for (var push : free == 0 ? List.<Push>of() : store.due(clock.instant(), free)) {
            if (slots.tryAcquire()) {
                Thread.ofVirtual().name("push-" + push.task()).start(() -> {
                    try {
                        relay(push);
                    } finally {
                        slots.release();
                    }
                });
            }
        }
    }

    private void relay(Push push) {
        var sent = push.sent();
        try {
            var tree = ledger.tree(push.task(), sent);
            for (var numbered : ledger.events(push.task(), sent, EVENTS_MAX)) {
                tree.apply(numbered.event());
                send(push, payload(push, numbered, tree));
                if (!store.sent(push, sent, numbered.seq(), clock.instant())) {
                    return;
                }
                sent = numbered.seq();
            }
            store.rest(push, sent, tree.state().terminal() ? Phase.DONE : Phase.ACTIVE, clock.instant());
        } catch (IOException | RuntimeException failed) {
            failed(push, sent, failed.toString());
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    private void failed(Push push, long sent, String why) {
        try {
            failed(push, sent, sent > push.sent() ? 1 : push.attempts() + 1, why);
        } catch (DatabaseException away) {
            LOG.warn("Push notification of task {} is tried again in a while", push.task(), away);
        }
    }

    private void failed(Push push, long sent, int attempts, String why) {
        var now = clock.instant();
        var dead = attempts >= ATTEMPTS_MAX;
        LOG.warn(
                "Push notification of task {} failed for the {}. time ({}); {}",
                push.task(),
                attempts,
                why,
                dead ? "it is given up" : "it is tried again");
        var doubled = BACK_OFF_FIRST.multipliedBy(1L << Math.min(attempts - 1, 20));
        var pause = doubled.compareTo(BACK_OFF_MAX) > 0 ? BACK_OFF_MAX : doubled;
        store.failed(push, sent, dead ? Phase.DEAD : Phase.ACTIVE, why, now.plus(pause), now);
    }

    /// In 1.0 the event itself, in 0.3 the task as the event left it.
    private static ObjectNode payload(Push push, Numbered numbered, TaskTree tree) {
        return switch (push.version()) {
            case V1_0 -> {
                var event = Following.shown(numbered.event());
                yield event.path("message") instanceof ObjectNode message ? Canonical.wrap("message", message) : event;
            }
            case V0_3 -> Legacy.task(tree.task());
        };
    }

    private void send(Push push, ObjectNode payload) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(urls.checkBeforeCall(push.url()))
                .timeout(PATIENCE)
                .header("Content-Type", push.version() == A2aVersion.V1_0 ? RestBinding.MEDIA_TYPE : "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(Json.bytes(payload)));
        if (!push.token().isEmpty()) {
            request.header("X-A2A-Notification-Token", push.token());
        }
        if (!push.scheme().isEmpty()) {
            request.header("Authorization", push.scheme() + " " + push.credentials());
        }
        var response = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        // Nobody wants what it says; the end of it might never come.
        response.body().close();
        var status = response.statusCode();
        if (status < 200 || status > 299) {
            throw new IOException("its target answered " + status);
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
