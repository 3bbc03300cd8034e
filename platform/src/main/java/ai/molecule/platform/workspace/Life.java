package ai.molecule.platform.workspace;

import ai.molecule.protocol.Refusal;
import java.time.Instant;
import java.util.Locale;

/// The life of a workspace. Every transition is a method of the state it leaves; an illegal one is refused.
///
/// ```text
///             provisioning <----------------- restarted, resumed, back-off over
///   (made)  /   |      |  \________________________________
///           \   |      | died, gave up -> failed            |
///   awaiting_agent     |                                    |
///               \      | registered                         |
///                +-> online <-> degraded      (errors >= 0.5 or wedged; back below 0.1)
///                      ^ |         |
///      beat, registered| v silent, died
///                     offline
///   any living state -> paused (-> provisioning, or offline for external) -> removed, for ever
///   online, degraded -> hibernated -> provisioning: idle, until a message or a person wakes it
/// ```
public sealed interface Life {

    double ERROR_RATE_DEGRADED = 0.5;
    double ERROR_RATE_RECOVERED = 0.1;

    /// How the reason begins when a backend's health check fails.
    String UNHEALTHY = "unhealthy: ";

    /// When this state began.
    Instant since();

    /// The backend is making the agent.
    ///
    /// @param step how far it came, for people; empty at the beginning
    record Provisioning(Instant since, String step) implements Life {
        public Provisioning(Instant since) {
            this(since, "");
        }
    }

    /// External, and never seen yet.
    record AwaitingAgent(Instant since) implements Life {}

    record Online(Instant since) implements Life {}

    /// Alive, but failing or stuck.
    record Degraded(Instant since, String reason) implements Life {
        /// True when its backend says so: then only the backend can say otherwise.
        boolean unhealthy() {
            return reason.startsWith(UNHEALTHY);
        }
    }

    /// Silent or dead; expected back.
    record Offline(Instant since, String reason) implements Life {}

    /// Stopped by a person.
    record Paused(Instant since) implements Life {}

    /// Stopped because idle; a message wakes it.
    record Hibernated(Instant since) implements Life {}

    /// Given up, until somebody restarts it.
    record Failed(Instant since, String reason) implements Life {}

    /// Gone, for ever.
    ///
    /// @param reason why, where it was not a person who wanted it gone
    record Removed(Instant since, String reason) implements Life {}

    /// The state's word on the wire.
    default String status() {
        return switch (this) {
            case AwaitingAgent _ -> "awaiting_agent";
            case Provisioning _, Online _, Degraded _, Offline _, Paused _, Hibernated _, Failed _, Removed _ ->
                getClass().getSimpleName().toLowerCase(Locale.ROOT);
        };
    }

    /// Why it is in this state, empty where the state says it all.
    default String reason() {
        return switch (this) {
            case Degraded(Instant _, String reason) -> reason;
            case Offline(Instant _, String reason) -> reason;
            case Failed(Instant _, String reason) -> reason;
            case Provisioning(Instant _, String step) -> step;
            case Removed(Instant _, String reason) -> reason;
            case AwaitingAgent _, Online _, Paused _, Hibernated _ -> "";
        };
    }

    /// Reads a state back from its columns.
    static Life of(String status, Instant since, String reason) {
        return switch (status) {
            case "provisioning" -> new Provisioning(since, reason);
            case "awaiting_agent" -> new AwaitingAgent(since);
            case "online" -> new Online(since);
            case "degraded" -> new Degraded(since, reason);
            case "offline" -> new Offline(since, reason);
            case "paused" -> new Paused(since);
            case "hibernated" -> new Hibernated(since);
            case "failed" -> new Failed(since, reason);
            case "removed" -> new Removed(since, reason);
            default -> throw new IllegalStateException("Expected a status, but found " + status);
        };
    }

    /// True when a backend that can run this workspace should be running its agent.
    default boolean wantsAgent() {
        return switch (this) {
            case Provisioning _, AwaitingAgent _, Online _, Degraded _, Offline _ -> true;
            case Paused _, Hibernated _, Failed _, Removed _ -> false;
        };
    }

    /// True when a message can be handed to its agent now.
    default boolean reachable() {
        return this instanceof Online || this instanceof Degraded;
    }

    /// An agent announced itself.
    default Life registered(Instant now) {
        return switch (this) {
            case Provisioning _, AwaitingAgent _, Degraded _, Offline _ -> new Online(now);
            case Online online -> online;
            case Paused _, Hibernated _, Failed _, Removed _ -> throw refuse("register an agent");
        };
    }

    /// The agent was heard.
    default Life beaten(double errorRate, boolean wedged, String sample, Instant now) {
        var bad = wedged || errorRate >= ERROR_RATE_DEGRADED;
        var reason = wedged ? "wedged: " + sample : "error rate " + errorRate + ": " + sample;
        return switch (this) {
            case Online _, Offline _ when bad -> new Degraded(now, reason);
            case Offline _ -> new Online(now);
            case Degraded degraded
            when !degraded.unhealthy() && !wedged && errorRate < ERROR_RATE_RECOVERED -> new Online(now);
            case Online _, Degraded _, Provisioning _, AwaitingAgent _, Paused _, Hibernated _, Failed _, Removed _ ->
                this;
        };
    }

    /// The backend's health check changed its mind.
    default Life checked(boolean well, String detail, Instant now) {
        return switch (this) {
            case Online _ when !well -> new Degraded(now, UNHEALTHY + detail);
            case Degraded degraded when well && degraded.unhealthy() -> new Online(now);
            case Provisioning _,
                    AwaitingAgent _,
                    Online _,
                    Degraded _,
                    Offline _,
                    Paused _,
                    Hibernated _,
                    Failed _,
                    Removed _ -> this;
        };
    }

    /// The backend came further with making the agent.
    default Life stepped(String step) {
        return switch (this) {
            case Provisioning(Instant since, String _) -> new Provisioning(since, step);
            case AwaitingAgent _, Online _, Degraded _, Offline _, Paused _, Hibernated _, Failed _, Removed _ -> this;
        };
    }

    /// The agent was not heard for too long.
    default Life silent(String reason, Instant now) {
        return switch (this) {
            case Online _, Degraded _ -> new Offline(now, reason);
            case Provisioning _, AwaitingAgent _, Offline _, Paused _, Hibernated _, Failed _, Removed _ -> this;
        };
    }

    /// The agent's container, machine or process ended, and nobody had ordered it.
    default Life died(String how, Instant now) {
        return switch (this) {
            case Provisioning _, AwaitingAgent _, Online _, Degraded _, Offline _ -> new Offline(now, how);
            case Paused _, Hibernated _, Failed _, Removed _ -> this;
        };
    }

    /// The backend starts another agent after one died.
    default Life revived(Instant now) {
        return switch (this) {
            case Offline _ -> new Provisioning(now);
            case Provisioning _, AwaitingAgent _, Online _, Degraded _, Paused _, Hibernated _, Failed _, Removed _ ->
                this;
        };
    }

    /// It died too often, or cannot be started at all.
    default Life gaveUp(String reason, Instant now) {
        return switch (this) {
            case Provisioning _, Offline _ -> new Failed(now, reason);
            case AwaitingAgent _, Online _, Degraded _, Paused _, Hibernated _, Failed _, Removed _ -> this;
        };
    }

    /// A person wants its agent started anew.
    default Life restarted(Instant now) {
        return switch (this) {
            case Provisioning _, Online _, Degraded _, Offline _, Hibernated _, Failed _ -> new Provisioning(now);
            case AwaitingAgent _, Paused _, Removed _ -> throw refuse("restart");
        };
    }

    /// A person wants it stopped.
    default Life paused(Instant now) {
        return switch (this) {
            case Provisioning _, AwaitingAgent _, Online _, Degraded _, Offline _, Hibernated _, Failed _ ->
                new Paused(now);
            case Paused _, Removed _ -> throw refuse("pause");
        };
    }

    /// It has nothing to do; its agent may stop.
    default Life hibernated(Instant now) {
        return switch (this) {
            case Online _, Degraded _ -> new Hibernated(now);
            case Provisioning _, AwaitingAgent _, Offline _, Paused _, Hibernated _, Failed _, Removed _ ->
                throw refuse("hibernate");
        };
    }

    /// There is something to do again.
    default Life woken(Instant now) {
        return switch (this) {
            case Hibernated _ -> new Provisioning(now);
            case Provisioning _, AwaitingAgent _, Online _, Degraded _, Offline _, Paused _, Failed _, Removed _ ->
                this;
        };
    }

    /// A person wants it back; what follows depends on who runs its agent.
    default Life resumed(Life next) {
        return switch (this) {
            case Paused _, Hibernated _ -> next;
            case Provisioning _, AwaitingAgent _, Online _, Degraded _, Offline _, Failed _, Removed _ ->
                throw refuse("resume");
        };
    }

    /// Another kind of place is to run its agent; what follows depends on which.
    default Life moved(Life next) {
        return switch (this) {
            case Provisioning _, AwaitingAgent _, Online _, Degraded _, Offline _, Hibernated _, Failed _ -> next;
            case Paused paused -> paused;
            case Removed _ -> throw refuse("move");
        };
    }

    /// A person wants it gone, or it was not made to stay.
    default Life removed(String reason, Instant now) {
        return switch (this) {
            case Provisioning _, AwaitingAgent _, Online _, Degraded _, Offline _, Paused _, Hibernated _, Failed _ ->
                new Removed(now, reason);
            case Removed removed -> removed;
        };
    }

    private Refusal refuse(String verb) {
        return new Refusal(
                Refusal.Reason.ILLEGAL_TRANSITION, "Expected to " + verb + " it, but the workspace is " + status());
    }
}
