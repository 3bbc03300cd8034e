package ai.molecule.platform.a2a;

import ai.molecule.platform.ledger.Entry;
import ai.molecule.platform.ledger.Lease;
import ai.molecule.platform.ledger.Ledger;
import ai.molecule.platform.ledger.LedgerTask;
import ai.molecule.protocol.Canonical;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.TaskState;
import ai.molecule.protocol.TaskTree;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// The mailbox for the simplest agents, which ask for their messages and answer them when they like.
///
/// A message that was fetched is its agent's for a while, and its alone; one that is not answered in that time is
/// handed out again, as often as it takes. Durable but for who is waiting just now.
public final class Inbox {

    private static final Duration LOOK_PACE = Duration.ofSeconds(2);

    private final Ledger ledger;
    private final InstantSource clock;
    private final Map<WorkspaceId, CountDownLatch> waiting = new ConcurrentHashMap<>();

    public Inbox(Ledger ledger, InstantSource clock) {
        this.ledger = ledger;
        this.clock = clock;
    }

    /// A message for an agent.
    ///
    /// @param id which message, and `lease` which handing out of it: both come back with the answer
    /// @param request the JSON-RPC request with its headers
    public record Letter(long id, int lease, LedgerTask task, JsonNode request, Instant until) {}

    /// What an agent has to say about a message.
    public sealed interface Reply {
        /// A state of its task, with words: an artifact for `completed`, else a message.
        record Said(TaskState state, String text) implements Reply {}

        /// An A2A task or message.
        record Result(JsonNode result) implements Reply {}
    }

    /// Gives an agent what waits for it, waiting for it.
    ///
    /// @param hold for how long they are the agent's
    public List<Letter> fetch(WorkspaceId workspace, int most, Duration wait, Duration hold)
            throws InterruptedException {
        var until = System.nanoTime() + wait.toNanos();
        while (true) {
            var latch = waiting.computeIfAbsent(workspace, any -> new CountDownLatch(1));
            var leases = ledger.fetch(workspace, most, hold);
            var left = until - System.nanoTime();
            if (!leases.isEmpty() || left <= 0) {
                return letters(leases, clock.instant().plus(hold));
            }
            if (latch.await(Math.min(left, LOOK_PACE.toNanos()), TimeUnit.NANOSECONDS)) {
                waiting.remove(workspace, latch);
            }
        }
    }

    private List<Letter> letters(List<Lease> leases, Instant until) {
        var letters = new ArrayList<Letter>();
        for (var lease : leases) {
            var task = ledger.find(lease.task()).orElseThrow();
            letters.add(new Letter(lease.delivery(), lease.number(), task, lease.request(), until));
        }
        return letters;
    }

    /// Hears that something waits in front of a workspace, or of anybody.
    public void look(String workspace) {
        WorkspaceId.parse(workspace)
                .ifPresentOrElse(
                        id -> {
                            var latch = waiting.remove(id);
                            if (latch != null) {
                                latch.countDown();
                            }
                        },
                        () -> List.copyOf(waiting.values()).forEach(CountDownLatch::countDown));
    }

    /// Takes what an agent says about a message that it fetched.
    ///
    /// @param hold for how long it goes on being the agent's, where the task goes on
    /// @return the state of the task afterwards
    /// @throws Refusal `conflict` when the message is not the agent's any more, or its task has ended
    public TaskState reply(WorkspaceId workspace, long id, int number, Reply reply, Duration hold) {
        var lease = ledger.held(id, number)
                .filter(held -> held.target().equals(workspace))
                .orElseThrow(Inbox::notYours);
        var task = ledger.find(lease.task()).orElseThrow();
        var tree = ledger.tree(lease.task());
        var words = new AgentWords(lease.task().toString(), lease.contextId(), lease.agentTask(), lease.agentContext());
        var scribe = new Scribe(ledger, lease, words, tree, lease.seq() > 1);
        scribe.goOnAfter(task.seq());
        try {
            events(reply, tree, words).forEach(scribe::note);
            var settles = tree.state().settles();
            scribe.write(settles ? Entry.End.done() : null);
            if (!settles) {
                ledger.prolong(lease, hold);
            }
            return tree.state();
        } catch (Scribe.LeaseLostException gone) {
            throw notYours();
        }
    }

    /// Hears up to where an agent has read its messages in the list of activity. What it read there waits for nothing
    /// more: such an agent answers with messages of its own. An agent that is reached otherwise only looks.
    public void read(WorkspaceId workspace, long upTo) {
        ledger.handOver(
                workspace, upTo, (tree, why) -> Words.came(tree.task(), TaskState.COMPLETED, why, clock.instant()));
    }

    private List<ObjectNode> events(Reply reply, TaskTree tree, AgentWords words) {
        return switch (reply) {
            case Reply.Said(var state, var text) -> {
                var events = new ArrayList<ObjectNode>();
                if (state == TaskState.COMPLETED) {
                    if (!text.isEmpty()) {
                        events.add(artifact(tree.task(), text));
                    }
                    events.add(Words.came(tree.task(), state, "", clock.instant()));
                } else {
                    events.add(Words.came(tree.task(), state, text, clock.instant()));
                }
                yield events;
            }
            case Reply.Result(var result) -> {
                var event = words.read(result)
                        .orElseThrow(() ->
                                new Refusal(Reason.INVALID_FIELD, "Expected \"result\" to be an A2A task or message"));
                if (event.path("task") instanceof ObjectNode whole) {
                    tree.keepIn(whole);
                }
                if (event.has("message")) {
                    event.put("at", clock.instant().toString());
                }
                yield List.of(event);
            }
        };
    }

    private static ObjectNode artifact(ObjectNode task, String text) {
        var update = Json.object()
                .put("taskId", task.path("id").asText())
                .put("contextId", task.path("contextId").asText());
        var artifact = update.putObject("artifact").put("artifactId", "answer").put("name", "answer");
        artifact.putArray("parts").addObject().put("text", text);
        return Canonical.wrap("artifactUpdate", update.put("lastChunk", true));
    }

    private static Refusal notYours() {
        return new Refusal(
                Reason.CONFLICT,
                "Expected a message that is this agent's, but it was handed out again, or its task has ended");
    }
}
