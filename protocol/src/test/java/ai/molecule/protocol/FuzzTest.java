package ai.molecule.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import ai.molecule.protocol.JsonRpc.Fault;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Broken and hostile input for every reader of the wire: each either understands it or refuses it in its own
/// words, and what is understood can be written in both versions.
///
/// `-Dfuzz.inputs` and `-Dfuzz.seed` set how many and which; the seed of a run is printed.
class FuzzTest {

    private static final int INPUTS = Integer.getInteger("fuzz.inputs", 60_000);
    private static final long SEED = Long.getLong("fuzz.seed", System.nanoTime());

    private static final List<String> SEEDS = List.of(
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"message/send\",\"params\":{\"message\":{\"kind\":\"message\",\"role\":\"user\","
                    + "\"parts\":[{\"kind\":\"text\",\"text\":\"hi\"},{\"kind\":\"file\",\"file\":{\"uri\":\"u\"}}],\"messageId\":\"m\"},"
                    + "\"configuration\":{\"blocking\":true,\"pushNotificationConfig\":{\"url\":\"u\"}}}}",
            "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"SendStreamingMessage\",\"params\":{\"message\":{\"role\":\"ROLE_USER\","
                    + "\"parts\":[{\"text\":\"hi\"},{\"data\":[1,null,{\"a\":true}]}],\"message_id\":\"m\"}}}",
            "{\"id\":null,\"method\":\"tasks/get\",\"params\":{\"id\":\"t\",\"historyLength\":3}}",
            "{\"task\":{\"id\":\"t\",\"contextId\":\"c\",\"status\":{\"state\":\"TASK_STATE_WORKING\",\"message\":{\"parts\":[{\"text\":\"x\"}]}},"
                    + "\"artifacts\":[{\"artifactId\":\"a\",\"parts\":[{\"raw\":\"QQ==\"}]}],\"history\":[{\"parts\":[{\"text\":\"y\"}]}]}}",
            "{\"kind\":\"status-update\",\"taskId\":\"t\",\"status\":{\"state\":\"completed\"},\"final\":true}",
            "{\"kind\":\"artifact-update\",\"taskId\":\"t\",\"artifact\":{\"artifactId\":\"a\",\"parts\":[]},\"append\":true}",
            "{\"name\":\"x\",\"url\":\"http://x/\",\"capabilities\":{\"streaming\":true},\"skills\":[],\"supportedInterfaces\":"
                    + "[{\"url\":\"u\",\"protocolBinding\":\"JSONRPC\",\"protocolVersion\":\"1.0\"}],\"securitySchemes\":{}}");

    private static final List<String> TOKENS = List.of(
            "{",
            "}",
            "[",
            "]",
            "\"",
            ":",
            ",",
            "null",
            "true",
            "-1",
            "1e999",
            "0.5",
            "\\u0000",
            "\\ud800",
            "\"kind\"",
            "\"task\"",
            "\"parts\"",
            "\"status\"",
            "{}",
            "[]",
            "\"\"",
            "\"text\":7",
            "\"message\":[]",
            "\u00e9",
            "\n",
            "\r");

    private final Random random = new Random(SEED);

    private byte[] input() {
        var bytes = new ArrayList<Byte>();
        for (var one : SEEDS.get(random.nextInt(SEEDS.size())).getBytes(StandardCharsets.UTF_8)) {
            bytes.add(one);
        }
        for (int changes = random.nextInt(6); changes > 0 && !bytes.isEmpty(); changes--) {
            var at = random.nextInt(bytes.size());
            switch (random.nextInt(4)) {
                case 0 -> bytes.set(at, (byte) random.nextInt(256));
                case 1 ->
                    bytes.subList(at, Math.min(bytes.size(), at + random.nextInt(20)))
                            .clear();
                case 2 -> {
                    var token = TOKENS.get(random.nextInt(TOKENS.size())).getBytes(StandardCharsets.UTF_8);
                    for (var one : token) {
                        bytes.add(at, one);
                    }
                }
                default -> {
                    var copy = List.copyOf(bytes.subList(at, Math.min(bytes.size(), at + random.nextInt(60))));
                    bytes.addAll(random.nextInt(bytes.size() + 1), copy);
                }
            }
        }
        var array = new byte[bytes.size()];
        for (int i = 0; i < array.length; i++) {
            array[i] = bytes.get(i);
        }
        return array;
    }

    @Test
    void everyReaderUnderstandsOrRefuses() {
        System.out.println("FuzzTest: seed " + SEED + ", " + INPUTS + " inputs");
        var understood = 0;
        for (int i = 0; i < INPUTS; i++) {
            var bytes = input();
            try {
                understood += tried(bytes) ? 1 : 0;
            } catch (RuntimeException broken) {
                throw new AssertionError(
                        "Input " + i + " of seed " + SEED + ": " + new String(bytes, StandardCharsets.UTF_8), broken);
            }
        }
        assertThat(understood).isPositive();
    }

    private static boolean tried(byte[] bytes) {
        try {
            var json = Json.readKeepable(bytes);
            AgentCard.forBoth(AgentCard.published(AgentCard.own(json), "n", "d", "http://x/"), "http://x/");
            AgentCard.spokenBy(json);
            Canonical.event(json).ifPresent(event -> {
                Legacy.event(event);
                var tree = new TaskTree();
                tree.apply(event);
                tree.apply(event);
                Legacy.task(tree.task());
            });
            var call = A2aCall.overJsonRpc(json, null);
            Canonical.message(call.params().path("message"), "ROLE_USER").ifPresent(message -> {
                Legacy.message(message);
                Message.read(message);
            });
            A2aCall.historyLength(call.id(), call.params());
            RestBinding.read("POST", "message:send", Map.of(), json);
            return true;
        } catch (Json.MalformedException | Fault refused) {
            return false;
        }
    }

    @Test
    void eventsAreFoundHoweverTheyAreCut() throws Exception {
        for (int i = 0; i < INPUTS / 20; i++) {
            var sent = new ArrayList<String>();
            var wire = new StringBuilder();
            for (int events = random.nextInt(6); events > 0; events--) {
                var data = "{\"n\":" + random.nextInt() + ",\"t\":\"\u00e9\u20ac\"}";
                sent.add(data);
                var end = List.of("\n", "\r", "\r\n").get(random.nextInt(3));
                wire.append(random.nextBoolean() ? ": comment" + end + end : "")
                        .append(random.nextBoolean() ? "id: 7" + end : "")
                        .append("data:")
                        .append(random.nextBoolean() ? " " : "")
                        .append(data)
                        .append(end)
                        .append(end);
            }
            var heard = new ArrayList<String>();
            var parser = new SseParser(heard::add);
            var bytes = ByteBuffer.wrap(wire.toString().getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                var piece = Math.min(bytes.remaining(), 1 + random.nextInt(12));
                parser.feed(bytes.slice(bytes.position(), piece));
                bytes.position(bytes.position() + piece);
            }
            assertThat(heard).as("seed " + SEED).isEqualTo(sent);
        }
    }

    @Test
    void anEventWithoutAnEndIsRefused() {
        var parser = new SseParser(data -> {});
        var piece = "x".repeat(1 << 20).getBytes(StandardCharsets.UTF_8);
        var fed = 0;
        try {
            for (; fed <= SseParser.EVENT_BYTES_MAX; fed += piece.length) {
                parser.feed(ByteBuffer.wrap(piece));
            }
        } catch (SseParser.TooLargeException refused) {
            assertThat(refused).hasMessageContaining("16777216");
        }
        assertThat(fed).isGreaterThanOrEqualTo(SseParser.EVENT_BYTES_MAX);
    }
}
