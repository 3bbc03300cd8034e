package ai.molecule.conformance;

import ai.molecule.conformance.PlayedPlatform.Answer;
import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;

/// The platform's end of an uplink without WebSockets (`docs/uplink.md`): what an agent without a port of its
/// own opens.
final class PlayedUplink implements AutoCloseable {

    private static final int CREDIT = 1000;
    private static final int SILENCE_SECONDS = 30;
    private static final long WAIT_MILLIS = 2000;

    private final List<ObjectNode> outgoing = new ArrayList<>();
    private final List<JsonNode> heard = new ArrayList<>();
    private final Map<Long, List<JsonNode>> answers = new HashMap<>();
    private final Map<Long, String> ended = new HashMap<>();
    private String session = "";
    private long epoch;
    private long first = 1;
    private long got;
    private long calls;
    private boolean closed;

    /// The next one belongs to a life of the agent.
    synchronized void expect(long life) {
        epoch = life;
        session = "";
        notifyAll();
    }

    synchronized boolean isOpen() {
        return !session.isEmpty();
    }

    /// Waits until there is one; false when that takes too long.
    synchronized boolean awaitOpen(Duration patience) throws InterruptedException {
        return await(patience, ignored -> isOpen());
    }

    /// Waits for a frame of the agent; empty when it does not come.
    synchronized Optional<JsonNode> awaitFrame(Duration patience, Predicate<JsonNode> wanted)
            throws InterruptedException {
        await(patience, ignored -> heard.stream().anyMatch(wanted));
        return heard.stream().filter(wanted).findFirst();
    }

    private boolean await(Duration patience, Predicate<PlayedUplink> done) throws InterruptedException {
        var deadline = System.nanoTime() + patience.toNanos();
        while (!done.test(this)) {
            var left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0 || closed) {
                return false;
            }
            wait(left);
        }
        return true;
    }

    /// Hands the agent a call, and waits for all that it answers.
    ///
    /// @throws IOException when there is no answer
    List<JsonNode> call(Map<String, String> headers, JsonNode body, Duration patience)
            throws IOException, InterruptedException {
        synchronized (this) {
            var id = ++calls;
            var frame = Json.object().put("type", "call").put("id", id).put("credit", CREDIT);
            headers.forEach(frame.putObject("headers")::put);
            frame.set("body", body);
            answers.put(id, new ArrayList<>());
            outgoing.add(frame);
            notifyAll();
            if (!await(patience, ignored -> ended.containsKey(id))) {
                throw new IOException("no answer over its uplink within " + patience.toSeconds() + " s");
            }
            var problem = ended.getOrDefault(id, "");
            if (!problem.isEmpty()) {
                throw new IOException(problem);
            }
            return List.copyOf(answers.getOrDefault(id, List.of()));
        }
    }

    /// One exchange of frames.
    synchronized Answer poll(JsonNode body) {
        if (!body.has("session")) {
            if (body.path("epoch").asLong() != epoch) {
                return Answer.refused(409, "superseded", "Expected the epoch of the last registration");
            }
            session = UUID.randomUUID().toString();
            first = 1;
            got = 0;
            outgoing.clear();
            outgoing.add(Json.object()
                    .put("type", "welcome")
                    .put("session", session)
                    .put("epoch", epoch)
                    .put("silence_seconds", SILENCE_SECONDS));
            notifyAll();
            return answer();
        }
        if (!body.path("session").asText().equals(session)) {
            return Answer.refused(410, "uplink_lost", "Begin another session");
        }
        hear(body);
        var deadline = System.currentTimeMillis()
                + Math.min(WAIT_MILLIS, body.path("wait").asLong() * 1000);
        while (outgoing.isEmpty() && !closed && System.currentTimeMillis() < deadline) {
            try {
                wait(Math.max(1, deadline - System.currentTimeMillis()));
            } catch (InterruptedException stopping) {
                Thread.currentThread().interrupt();
                break;
            }
        }
        return answer();
    }

    private void hear(JsonNode body) {
        while (first <= body.path("got").asLong() && !outgoing.isEmpty()) {
            outgoing.removeFirst();
            first++;
        }
        var number = body.path("first").asLong(1);
        for (var frame : body.path("frames")) {
            if (number > got) {
                got = number;
                take(frame);
            }
            number++;
        }
        notifyAll();
    }

    private void take(JsonNode frame) {
        heard.add(frame);
        var id = frame.path("id").asLong();
        switch (frame.path("type").asText()) {
            case "whole" -> {
                answers.getOrDefault(id, new ArrayList<>()).add(frame.path("body"));
                ended.put(id, "");
            }
            case "event" -> answers.getOrDefault(id, new ArrayList<>()).add(frame.path("body"));
            case "end" -> ended.put(id, "");
            case "failed" ->
                ended.put(
                        id,
                        frame.path("status").asInt() + " "
                                + frame.path("message").asText());
            default -> {}
        }
    }

    private Answer answer() {
        var json = Json.object().put("session", session).put("got", got).put("first", first);
        outgoing.forEach(json.putArray("frames")::add);
        return Answer.ok(json);
    }

    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
    }
}
