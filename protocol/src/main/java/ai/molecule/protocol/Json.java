package ai.molecule.protocol;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/// The one JSON reader and writer. Reading is bounded: nesting, number length and trailing text are refused,
/// not guessed.
public final class Json {

    /// The deepest nesting that is read.
    public static final int DEPTH_MAX = 200;

    /// The deepest nesting of what is kept, so that it can be read back from inside something else.
    public static final int KEPT_DEPTH_MAX = 64;

    private static final int BUFFERS_MAX = 64;

    private static final JsonMapper MAPPER = mapper();

    private Json() {}

    private static JsonMapper mapper() {
        // The default keeps its buffers with each thread: some 60 KB with every virtual one.
        var factory = JsonFactory.builder()
                .recyclerPool(JsonRecyclerPools.newBoundedPool(BUFFERS_MAX))
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(DEPTH_MAX)
                        .maxNumberLength(100)
                        .build())
                .build();
        return JsonMapper.builder(factory)
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .build();
    }

    /// Reads one JSON value from UTF-8 bytes.
    ///
    /// @throws MalformedException when the bytes are not exactly one JSON value in valid UTF-8
    public static JsonNode read(byte[] utf8) throws MalformedException {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8));
            var value = MAPPER.readTree(utf8);
            if (value == null || value.isMissingNode()) {
                throw new MalformedException("Expected a JSON value, but found nothing");
            }
            return value;
        } catch (CharacterCodingException notText) {
            throw new MalformedException("Expected UTF-8 text, but found bytes that are not");
        } catch (JsonProcessingException bad) {
            throw new MalformedException("Expected valid JSON, but found: " + firstLine(bad.getOriginalMessage()));
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    /// Reads one JSON value that may be kept: not too deep, and no text in it holds what a database cannot, NUL
    /// or half a surrogate pair.
    ///
    /// @throws MalformedException when the bytes are not such a value
    public static JsonNode readKeepable(byte[] utf8) throws MalformedException {
        var value = read(utf8);
        checkKeepable(value);
        return value;
    }

    /// Checks that a value may be kept, as [#readKeepable] does.
    ///
    /// @throws MalformedException when it may not
    public static void checkKeepable(JsonNode value) throws MalformedException {
        checkKeepable(value, KEPT_DEPTH_MAX);
    }

    private static void checkKeepable(JsonNode value, int depth) throws MalformedException {
        if (depth == 0) {
            throw new MalformedException("Expected nesting of at most " + KEPT_DEPTH_MAX + " levels");
        }
        if (value.isTextual()) {
            checkKeepable(value.textValue());
        }
        for (var field : value.properties()) {
            checkKeepable(field.getKey());
        }
        for (var inner : value) {
            checkKeepable(inner, depth - 1);
        }
    }

    private static void checkKeepable(String text) throws MalformedException {
        if (text.indexOf('\0') >= 0 || !StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new MalformedException("Expected text without NUL and half surrogate pairs");
        }
    }

    /// Reads one JSON value from text.
    ///
    /// @throws MalformedException when the text is not exactly one JSON value
    public static JsonNode read(String text) throws MalformedException {
        return read(text.getBytes(StandardCharsets.UTF_8));
    }

    /// Reads text that we wrote ourselves, so that malformed text is a bug.
    public static JsonNode trusted(String text) {
        try {
            return read(text);
        } catch (MalformedException bug) {
            throw new IllegalStateException(
                    "Expected our own JSON, but found " + text.length() + " characters of other", bug);
        }
    }

    /// Writes compact UTF-8.
    public static byte[] bytes(JsonNode value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException bug) {
            throw new IllegalStateException("Expected to write a JSON tree", bug);
        }
    }

    /// Writes compact text.
    public static String text(JsonNode value) {
        return new String(bytes(value), StandardCharsets.UTF_8);
    }

    /// About as many bytes as a value takes.
    public static int weight(JsonNode value) {
        var sum = 48 + (value.isTextual() ? value.textValue().length() : 0);
        for (var inner : value) {
            sum += weight(inner);
        }
        return sum;
    }

    /// A new empty object.
    public static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    /// JSON null.
    public static JsonNode nothing() {
        return NullNode.getInstance();
    }

    /// A new empty array.
    public static ArrayNode array() {
        return JsonNodeFactory.instance.arrayNode();
    }

    /// Writes texts by name, to be read back by [#texts(String)]; empty for none.
    public static String texts(Map<String, String> texts) {
        if (texts.isEmpty()) {
            return "";
        }
        var object = object();
        new TreeMap<>(texts).forEach(object::put);
        return text(object);
    }

    /// Reads what [#texts(Map)] wrote.
    public static Map<String, String> texts(String written) {
        if (written.isEmpty()) {
            return Map.of();
        }
        var texts = new LinkedHashMap<String, String>();
        trusted(written)
                .properties()
                .forEach(one -> texts.put(one.getKey(), one.getValue().asText()));
        return texts;
    }

    private static String firstLine(String message) {
        var end = message.indexOf('\n');
        return end < 0 ? message : message.substring(0, end);
    }

    /// Says what is wrong with a text that should have been JSON; the message is safe to show to its sender.
    public static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1L;

        MalformedException(String message) {
            super(message);
        }
    }
}
