package ai.molecule.platform.a2a;

import static org.assertj.core.api.Assertions.assertThat;

import ai.molecule.platform.TestRooms;
import ai.molecule.platform.registry.Heartbeats;
import ai.molecule.platform.uplink.Transport;
import ai.molecule.platform.uplink.Uplink;
import ai.molecule.platform.uplink.Uplinks;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.UplinkFrame;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class UplinkAnswerTest {

    /// An agent that answers with a whole credit of events before the call to it returns.
    private static final class Eager implements Transport {

        private @Nullable Uplink uplink;
        private int given;

        @Override
        public String kind() {
            return "socket";
        }

        @Override
        public void send(String frame) {
            var json = Json.trusted(frame);
            if (json.path("type").asText().equals("more")) {
                given += json.path("credit").asInt();
            }
            if (json.path("type").asText().equals("call") && uplink != null) {
                var id = json.path("id").asLong();
                for (int i = 0; i < UplinkFrame.CREDIT; i++) {
                    uplink.heard(new UplinkFrame.Event(id, Json.object().put("n", i)).toJson());
                }
            }
        }

        @Override
        public void ping() {
            // It is there.
        }

        @Override
        public void cut() {
            // Nothing holds it.
        }
    }

    @Test
    void whatEventsCostIsGivenBackHoweverEarlyTheyCome() throws Exception {
        try (var rooms = new TestRooms()) {
            var id = rooms.createExternal("eager").id();
            var heartbeats = new Heartbeats(rooms.lives, rooms.journal, rooms.access, rooms.database, rooms.clock);
            var uplinks = new Uplinks(
                    rooms.lives,
                    rooms.access,
                    heartbeats,
                    rooms.database,
                    () -> URI.create("http://127.0.0.1/"),
                    rooms.clock);
            var agent = new Eager();
            var uplink = uplinks.open(new Uplink.Identity(id, 0, "boot", "here", "a token"), agent);
            agent.uplink = uplink;
            var answer = new UplinkAnswer();
            answer.ask(uplink, Map.of(), Json.object());
            assertThat(answer.head(Duration.ofSeconds(5))).isInstanceOf(AgentLine.Heard.Stream.class);
            assertThat(agent.given).isGreaterThanOrEqualTo(UplinkFrame.CREDIT);
            uplinks.close();
        }
    }
}
