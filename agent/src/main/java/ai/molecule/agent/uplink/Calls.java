package ai.molecule.agent.uplink;

import ai.molecule.protocol.Json;
import ai.molecule.protocol.UplinkFrame;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/// The calls of one uplink that are being answered, each on a thread of its own.
final class Calls {

    private final Desk desk;
    private final Map<Long, Served> served = new ConcurrentHashMap<>();

    Calls(Desk desk) {
        this.desk = desk;
    }

    /// Sends a frame.
    interface Sender {
        void send(String frame) throws IOException;
    }

    /// Begins to answer a call.
    void begin(UplinkFrame.Call call, Sender sender) {
        var one = new Served(call.id(), call.credit(), sender);
        served.put(call.id(), one);
        one.thread = Thread.ofVirtual().name("call-" + call.id()).unstarted(() -> {
            try {
                desk.serve(call.headers(), call.body(), one);
            } catch (InterruptedException dropped) {
                Thread.currentThread().interrupt();
            } catch (RuntimeException bug) {
                System.err.println("A call failed in a way nobody foresaw: " + bug);
                one.failed(500, "the agent failed");
            } finally {
                served.remove(call.id(), one);
            }
        });
        one.thread.start();
    }

    /// The platform takes more events of a call.
    void more(long id, int credit) {
        var one = served.get(id);
        if (one != null) {
            one.credit.release(credit);
        }
    }

    /// Nobody listens to a call any more.
    void drop(long id) {
        var one = served.remove(id);
        if (one != null) {
            one.drop();
        }
    }

    /// Nobody listens to any of them.
    void dropAll() {
        List.copyOf(served.keySet()).forEach(this::drop);
    }

    private static final class Served implements Desk.Reply {

        private final long id;
        private final Semaphore credit;
        private final Sender sender;
        private @Nullable Thread thread;

        Served(long id, int credit, Sender sender) {
            this.id = id;
            this.credit = new Semaphore(credit);
            this.sender = sender;
        }

        void drop() {
            var at = thread;
            if (at != null) {
                at.interrupt();
            }
        }

        private void send(UplinkFrame frame) {
            try {
                sender.send(Json.text(frame.toJson()));
            } catch (IOException broken) {
                // The platform asks for the task over the next uplink.
                drop();
            }
        }

        @Override
        public void whole(int status, JsonNode body) {
            send(new UplinkFrame.Whole(id, status, body));
        }

        @Override
        public void begin() {
            send(new UplinkFrame.Begin(id));
        }

        @Override
        public void event(JsonNode body) throws InterruptedException {
            credit.acquire();
            send(new UplinkFrame.Event(id, body));
        }

        @Override
        public void end() {
            send(new UplinkFrame.End(id));
        }

        @Override
        public void failed(int status, String message) {
            send(new UplinkFrame.Failed(id, status, message));
        }
    }
}
