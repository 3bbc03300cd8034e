package ai.molecule.platform.a2a;

import ai.molecule.platform.a2a.Switchboard.Incoming;
import ai.molecule.platform.access.Caller;
import ai.molecule.platform.ledger.Ledger;
import ai.molecule.platform.ledger.LedgerTask;
import ai.molecule.platform.ledger.Submission.Origin;
import ai.molecule.protocol.JsonRpc.ErrorCode;
import ai.molecule.protocol.JsonRpc.Fault;
import ai.molecule.protocol.WorkspaceId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// In whose course a message is sent: who asked whom, by the W3C trace context (`traceparent`) that goes with
/// every call. An agent gets the span of the task it works on and passes it on; so its own requests are found
/// below that task.
public final class Courses {

    /// The header that carries it (W3C Trace Context, section 3.2).
    public static final String TRACEPARENT = "traceparent";

    static final int DEPTH_MAX = 16;
    static final int VISITS_MAX = 3;

    private static final Pattern FORM = Pattern.compile("[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}.*");

    private final Ledger ledger;

    public Courses(Ledger ledger) {
        this.ledger = ledger;
    }

    /// A span, and the trace that it is in.
    record Span(String trace, String id) {}

    /// What a header says; empty where it says nothing that is known.
    static Optional<Span> span(String traceparent) {
        var given = FORM.matcher(traceparent);
        return given.matches() ? Optional.of(new Span(given.group(1), given.group(2))) : Optional.empty();
    }

    /// The task that a workspace works on when it calls.
    ///
    /// @param traceparent what came with the call; empty for nothing
    /// @return null where it calls in no task's course, or in that of one that has ended
    public @Nullable UUID of(Optional<String> traceparent, WorkspaceId workspace) {
        return traceparent
                .flatMap(Courses::span)
                .flatMap(span -> ledger.bySpan(span.trace(), span.id()))
                .filter(task -> task.target().equals(workspace) && !task.state().terminal())
                .map(LedgerTask::id)
                .orElse(null);
    }

    /// Finds the origin of a message.
    ///
    /// @throws Fault when the requests go too deep or in a circle
    Origin origin(Incoming incoming, UUID task) throws Fault {
        var given = span(incoming.headers().getOrDefault(TRACEPARENT, ""));
        var trace = given.map(Span::trace).orElseGet(() -> hex(UUID.randomUUID()));
        var parent = given.flatMap(span -> parent(incoming, span));
        if (parent.isEmpty()) {
            return new Origin(null, 0, trace, false, incoming.deadline());
        }
        var chain = new ArrayList<LedgerTask>(List.of(parent.get()));
        chain.addAll(ledger.above(parent.get().id()));
        var visits = chain.stream()
                .filter(above -> above.target().equals(incoming.target()))
                .count();
        if (chain.size() >= DEPTH_MAX) {
            throw incoming.fault(
                    ErrorCode.DELEGATION_LIMIT,
                    "Expected at most " + DEPTH_MAX + " requests one inside the other, but this would be one more");
        }
        if (visits >= VISITS_MAX) {
            throw incoming.fault(
                    ErrorCode.DELEGATION_LIMIT,
                    "Expected requests that do not go in circles, but workspace " + incoming.target()
                            + " is asked for the " + (visits + 1) + "th time in the course of one task");
        }
        var inside = chain.stream()
                .anyMatch(above -> above.target().equals(incoming.target())
                        && !above.state().terminal());
        return new Origin(
                parent.get().id(),
                chain.size(),
                trace,
                inside,
                earlier(incoming.deadline(), parent.get().deadline()));
    }

    private static @Nullable Instant earlier(@Nullable Instant one, @Nullable Instant other) {
        if (one == null || other == null) {
            return one == null ? other : one;
        }
        return one.isBefore(other) ? one : other;
    }

    /// The task whose agent calls: by its span, if the caller is that agent.
    private Optional<LedgerTask> parent(Incoming incoming, Span span) {
        return incoming.caller() instanceof Caller.Agent(var workspace, var _)
                ? ledger.bySpan(span.trace(), span.id())
                        .filter(task -> task.target().equals(workspace))
                : Optional.empty();
    }

    /// The header for the agent that works on a task: its span is the first half of the task's id.
    static String traceparent(String trace, UUID task) {
        return "00-" + trace + "-" + hex(task).substring(0, 16) + "-01";
    }

    private static String hex(UUID id) {
        return id.toString().replace("-", "");
    }
}
