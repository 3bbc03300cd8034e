package ai.molecule.platform.uplink;

import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.Wire;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Uplinks that are asked for by one HTTP request after the other. Soft: an agent whose session is not known begins
/// another one.
public final class Polls {

    /// The longest wait of one request: shorter than a silence that ends an uplink.
    private static final Duration WAIT_MAX = Duration.ofSeconds(5);

    private final Uplinks uplinks;
    private final Map<String, Session> sessions = new ConcurrentHashMap<>();

    public Polls(Uplinks uplinks) {
        this.uplinks = uplinks;
    }

    private static final class Session {
        private final Uplink uplink;
        private final PollTransport transport;
        private long heard;

        Session(Uplink uplink, PollTransport transport) {
            this.uplink = uplink;
            this.transport = transport;
        }

        /// Takes the frames of one request, those that came before left out.
        ///
        /// @param first the number of the first of them
        synchronized long hear(long first, JsonNode frames) {
            if (first > heard + 1) {
                throw new Refusal(Reason.BAD_REQUEST, "Expected frame " + (heard + 1) + " next, but found " + first);
            }
            var number = first;
            for (var frame : frames) {
                if (number > heard) {
                    uplink.heard(frame);
                    heard = number;
                }
                number++;
            }
            return heard;
        }
    }

    /// Answers one request of an agent.
    ///
    /// ```text
    ///   {"session", "boot", "epoch", "got": 7, "first": 3, "frames": [...], "wait": 5}
    ///   -> {"session", "got": 4, "first": 8, "frames": [...]}
    /// ```
    ///
    /// @param identity whose it is, where a session is begun
    /// @throws Refusal `uplink_lost` when the session is none, or none any more
    public ObjectNode exchange(Uplink.Identity identity, JsonNode body) throws InterruptedException {
        var wire = Wire.of(body);
        var name = wire.text("session", "");
        var session = name.isEmpty() ? begin(identity) : find(name, identity);
        session.uplink.alive();
        var got = session.hear(wire.integer("first", 1), body.path("frames"));
        var wait = Duration.ofSeconds(Math.clamp(wire.integer("wait", 0), 0, WAIT_MAX.toSeconds()));
        var taken = session.transport.take(wire.integer("got", 0), wait);
        session.uplink.alive();
        if (taken.closed() && taken.frames().isEmpty()) {
            sessions.values().remove(session);
            throw lost(session.uplink.why());
        }
        var answer = Json.object()
                .put("session", session.uplink.session().toString())
                .put("got", got)
                .put("first", taken.first());
        var frames = answer.putArray("frames");
        taken.frames().forEach(frame -> frames.add(Json.trusted(frame)));
        return answer;
    }

    private Session begin(Uplink.Identity identity) {
        var transport = new PollTransport();
        var session = new Session(uplinks.open(identity, transport), transport);
        sessions.put(session.uplink.session().toString(), session);
        return session;
    }

    private Session find(String name, Uplink.Identity identity) {
        var session = sessions.get(name);
        if (session == null || !session.uplink.identity().workspace().equals(identity.workspace())) {
            throw lost("it is not known here");
        }
        return session;
    }

    private static Refusal lost(String why) {
        return new Refusal(Reason.UPLINK_LOST, "Expected a session that goes on, but " + why + "; begin another one");
    }

    /// Forgets sessions that ended and that nobody asked for since.
    public void look() {
        sessions.values()
                .removeIf(session ->
                        !session.uplink.isOpen() && session.uplink.silence().compareTo(Uplinks.SILENCE) > 0);
    }
}
