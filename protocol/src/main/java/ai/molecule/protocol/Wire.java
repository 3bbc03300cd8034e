package ai.molecule.protocol;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads the typed fields of a JSON object. Null counts as absent, a wrong type is refused, unknown fields are
/// ignored.
public final class Wire {

    private final JsonNode object;

    private Wire(JsonNode object) {
        this.object = object;
    }

    /// Starts reading.
    ///
    /// @throws WireException when the value is not an object
    public static Wire of(JsonNode value) {
        if (!value.isObject()) {
            throw new WireException("Expected a JSON object");
        }
        return new Wire(value);
    }

    /// True when the field is there and not null.
    public boolean has(String field) {
        return object.hasNonNull(field);
    }

    /// True when the field is there, null included.
    public boolean mentions(String field) {
        return object.has(field);
    }

    /// A text field, or the default when it is absent.
    public String text(String field, String otherwise) {
        var value = value(field);
        if (value == null) {
            return otherwise;
        }
        if (!value.isTextual()) {
            throw wrongType(field, "a string");
        }
        if (value.textValue().indexOf('\0') >= 0) {
            throw new WireException("Expected \"" + field + "\" to hold no NUL character");
        }
        return value.textValue();
    }

    /// A required text field that is not blank.
    public String text(String field) {
        var text = text(field, "");
        if (text.isBlank()) {
            throw new WireException("Expected \"" + field + "\", but found nothing");
        }
        return text;
    }

    /// A whole number, or the default when it is absent.
    public long integer(String field, long otherwise) {
        var value = value(field);
        if (value == null) {
            return otherwise;
        }
        if (!value.canConvertToExactIntegral()
                || !value.canConvertToLong()
                || Math.abs(value.longValue()) > Integer.MAX_VALUE) {
            throw wrongType(field, "a whole number of at most 31 bits");
        }
        return value.longValue();
    }

    /// A number, or the default when it is absent.
    public double number(String field, double otherwise) {
        var value = value(field);
        if (value == null) {
            return otherwise;
        }
        if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
            throw wrongType(field, "a number");
        }
        return value.doubleValue();
    }

    /// True or false, or the default when it is absent.
    public boolean flag(String field, boolean otherwise) {
        var value = value(field);
        if (value == null) {
            return otherwise;
        }
        if (!value.isBoolean()) {
            throw wrongType(field, "true or false");
        }
        return value.booleanValue();
    }

    /// An object field, empty when it is absent.
    public Wire object(String field) {
        var value = value(field);
        if (value == null) {
            return new Wire(Json.object());
        }
        if (!value.isObject()) {
            throw wrongType(field, "an object");
        }
        return new Wire(value);
    }

    /// The elements of an array field, none when it is absent.
    public List<JsonNode> list(String field) {
        var value = value(field);
        if (value == null) {
            return List.of();
        }
        if (!value.isArray()) {
            throw wrongType(field, "an array");
        }
        return value.valueStream().toList();
    }

    /// A required workspace id.
    public WorkspaceId workspaceId(String field) {
        var text = text(field);
        return WorkspaceId.parse(text)
                .orElseThrow(() -> new WireException("Expected \"" + field + "\" to be a workspace id (a UUID)"));
    }

    /// The object itself.
    public JsonNode json() {
        return object;
    }

    /// The first characters of a text, never half of a surrogate pair.
    public static String clip(String text, int length) {
        if (text.length() <= length) {
            return text;
        }
        var end = Character.isHighSurrogate(text.charAt(length - 1)) ? length - 1 : length;
        return text.substring(0, end);
    }

    private @Nullable JsonNode value(String field) {
        var value = object.get(field);
        return value == null || value.isNull() ? null : value;
    }

    private static WireException wrongType(String field, String expected) {
        return new WireException("Expected \"" + field + "\" to be " + expected);
    }
}
