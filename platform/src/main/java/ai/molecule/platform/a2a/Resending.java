package ai.molecule.platform.a2a;

import ai.molecule.platform.ledger.Accepted;
import ai.molecule.platform.ledger.Dead;
import ai.molecule.platform.ledger.Ledger;
import ai.molecule.platform.ledger.Submission;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.TaskTree;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.InstantSource;
import java.util.UUID;

/// Sends a message again that was given up: as a task of its own, because one that ended never changes.
public final class Resending {

    private final Ledger ledger;
    private final Deliveries deliveries;
    private final InstantSource clock;

    public Resending(Ledger ledger, Deliveries deliveries, InstantSource clock) {
        this.ledger = ledger;
        this.deliveries = deliveries;
        this.clock = clock;
    }

    /// Sends a task's message again; gives the new task.
    ///
    /// @throws Refusal `conflict` when it was not given up, was sent again already, or its mailbox is full
    public UUID resend(UUID task) {
        var dead = ledger.dead(task)
                .orElseThrow(() -> new Refusal(
                        Refusal.Reason.CONFLICT,
                        "Expected a task whose message was given up and not sent again, but " + task + " is none"));
        var submission = submission(dead);
        var tree = new TaskTree();
        tree.apply(submission.event());
        var made = switch (ledger.accept(submission)) {
            case Accepted.Leased(var lease, long _, var way) -> {
                deliveries.begin(lease, way, tree);
                yield lease.task();
            }
            case Accepted.Queued(var queued, long _) -> queued;
            case Accepted.Repeated(var known, long _) -> known;
            case Accepted.Gone() ->
                throw new Refusal(
                        Refusal.Reason.WORKSPACE_REMOVED,
                        "Expected a workspace, but " + dead.address().target() + " was removed");
            case Accepted.Full _, Accepted.Foreign _, Accepted.Ended _ ->
                throw new Refusal(
                        Refusal.Reason.CONFLICT,
                        "Expected room in the mailbox of workspace "
                                + dead.address().target() + ", but it is full");
        };
        ledger.resent(dead, made);
        return made;
    }

    private Submission submission(Dead dead) {
        var task = UUID.randomUUID();
        var address = dead.address();
        var request = dead.request().deepCopy();
        var trace = UUID.randomUUID().toString().replace("-", "");
        if (request.path("params").path("message") instanceof ObjectNode message) {
            message.put("taskId", task.toString());
        }
        if (request.path("headers") instanceof ObjectNode headers) {
            headers.remove(Sending.DEADLINE);
            headers.put(Courses.TRACEPARENT, Courses.traceparent(trace, task));
        }
        var message = (ObjectNode) request.path("params").path("message").deepCopy();
        return new Submission(
                task,
                false,
                // The same each time, so that two who press the button at once send it once.
                new Submission.Address(
                        address.target(),
                        address.owner(),
                        address.contextId(),
                        address.messageId() + " again, " + dead.delivery(),
                        false),
                Words.submitted(task, address.contextId(), message, clock.instant()),
                "submitted",
                request,
                new Submission.Origin(null, 0, trace, false, null),
                clock.instant().plus(ledger.limits().patience()));
    }
}
