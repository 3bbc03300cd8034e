package ai.molecule.platform.backend.flyio;

import ai.molecule.platform.backend.BackendAwayException;
import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.BackendRefusedException;
import ai.molecule.protocol.Json;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Fly said no, or nothing.
final class FlyException extends Exception {
    private static final long serialVersionUID = 1L;

    private static final List<String> HOST_FULL = List.of(
            "could not reserve resource",
            "insufficient resources",
            "insufficient memory",
            "insufficient cpu",
            "governor policy",
            "temporarily disabled");

    private static final Pattern MACHINE = Pattern.compile("machine ID ([0-9a-z]+)");

    /// What a failure means for who called.
    enum Kind {
        /// No answer, or one that leaves open whether anything happened.
        AWAY,
        /// Too many calls; nothing happened.
        LIMITED,
        /// The token is not good for this.
        FORBIDDEN,
        /// There is no such thing, or none any more.
        GONE,
        /// Its host has no room.
        HOST_FULL,
        /// The region has no room.
        REGION_FULL,
        /// The organisation may have no more.
        QUOTA,
        /// A machine of this name is there already.
        NAME_TAKEN,
        /// Somebody else has the exclusive right to change the machine.
        LEASED,
        /// It is between two states; soon it can be.
        BUSY,
        /// Somebody else changed it meanwhile.
        OVERTAKEN,
        /// It is not so yet.
        NOT_YET,
        /// It can never be.
        INVALID
    }

    private final Kind kind;
    private final int status;
    private final String text;
    private final String plainly;

    FlyException(Kind kind, int status, String text, String message, @Nullable Throwable cause) {
        this(kind, status, text, message, message, cause);
    }

    /// @param plainly the same for people, without what differs from call to call
    private FlyException(
            Kind kind, int status, String text, String message, String plainly, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
        this.status = status;
        this.text = text;
        this.plainly = plainly;
    }

    /// What an answer means.
    ///
    /// @param what was asked for, for people: "create a machine"
    /// @param json true when the body said it was JSON
    static FlyException of(String what, int status, String body, boolean json, String requestId) {
        var word = "";
        var text = body.strip();
        if (body.startsWith("{")) {
            try {
                var error = Json.read(body);
                word = error.path("status").asText("");
                text = error.path("message").asText(error.path("error").asText(text));
            } catch (Json.MalformedException notJson) {
                word = "";
            }
        }
        var shown = text.length() > 500 ? text.substring(0, 500) + "…" : text;
        var plainly = "Fly did not " + what + ": " + (shown.isEmpty() ? "no reason given" : shown);
        var message =
                plainly + " (status " + status + (requestId.isEmpty() ? "" : ", fly-request-id " + requestId) + ")";
        return new FlyException(
                kind(status, word, text.toLowerCase(Locale.ROOT), json), status, text, message, plainly, null);
    }

    private static Kind kind(int status, String word, String text, boolean json) {
        if (word.equals("insufficient_capacity") || text.contains("no capacity") || text.contains("candidate host")) {
            return Kind.REGION_FULL;
        }
        if (word.equals("volume_placement_capacity") || text.contains("existing volume id")) {
            return Kind.HOST_FULL;
        }
        return switch (status) {
            case 401 -> Kind.FORBIDDEN;
            case 403 -> text.contains("quota") ? Kind.QUOTA : Kind.FORBIDDEN;
            case 404 -> json ? Kind.GONE : Kind.INVALID;
            case 408 -> text.contains("desired state") ? Kind.NOT_YET : Kind.AWAY;
            case 409 -> conflict(text);
            case 412 -> text.contains("lease currently held") ? Kind.LEASED : Kind.BUSY;
            case 422 -> unprocessable(text);
            case 429 -> Kind.LIMITED;
            default -> status >= 500 ? Kind.AWAY : Kind.INVALID;
        };
    }

    private static Kind conflict(String text) {
        if (text.contains("unique machine name")) {
            return Kind.NAME_TAKEN;
        }
        if (text.contains("lease currently held")) {
            return Kind.LEASED;
        }
        return HOST_FULL.stream().anyMatch(text::contains) ? Kind.HOST_FULL : Kind.OVERTAKEN;
    }

    private static Kind unprocessable(String text) {
        if (text.contains("unique machine name")) {
            return Kind.NAME_TAKEN;
        }
        return text.contains("limit") || text.contains("payment method") ? Kind.QUOTA : Kind.INVALID;
    }

    Kind kind() {
        return kind;
    }

    /// The id of the machine that the text names.
    Optional<String> machine() {
        var found = MACHINE.matcher(text);
        return found.find() ? Optional.of(found.group(1)) : Optional.empty();
    }

    /// What it means for the rest of the house: either nothing is known, or it was refused.
    BackendException toBackend() {
        var message = String.valueOf(getMessage());
        return switch (kind) {
            case AWAY, LIMITED, LEASED, BUSY, OVERTAKEN, NOT_YET -> new BackendAwayException(message, plainly, this);
            case FORBIDDEN ->
                new BackendAwayException(message + "; check FLY_API_TOKEN", plainly + "; check FLY_API_TOKEN", this);
            case GONE, NAME_TAKEN, INVALID -> new BackendRefusedException(status, message, this);
            case HOST_FULL ->
                new BackendRefusedException(status, "no capacity on the machine's host: " + message, this);
            case REGION_FULL -> new BackendRefusedException(status, "no capacity: " + message, this);
            case QUOTA -> new BackendRefusedException(status, "over the quota of the organisation: " + message, this);
        };
    }
}
