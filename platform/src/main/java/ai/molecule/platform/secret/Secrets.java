package ai.molecule.platform.secret;

import ai.molecule.platform.journal.Event;
import ai.molecule.platform.journal.Journal;
import ai.molecule.platform.secret.Seal.BrokenSealException;
import ai.molecule.platform.store.Database;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.WorkspaceId;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Keeps the values that agents get: API keys and the like, of one workspace or of all. Durable, sealed; the
/// journal tells of every change, but never a value.
public final class Secrets {

    /// The channel on which changes are announced; the payload is the workspace, empty for all of them.
    public static final String CHANNEL = "secrets";

    private static final int PER_OWNER_MAX = 200;
    private static final int VALUE_MAX = 32 * 1024;
    /// Shorter ones are in every other word.
    private static final int MASKED_LENGTH_MIN = 6;
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,127}");
    private static final String PROBE = "probe";

    /// Names that would change how an agent is started, or who it is.
    private static final Set<String> RESERVED = Set.of(
            "WORKSPACE_ID",
            "WORKSPACE_CONFIG_PATH",
            "PLATFORM_URL",
            "RUNTIME",
            "HOST",
            "PORT",
            "AGENT_URL",
            "AWAIT_ORDER",
            "LIFELINE",
            "PATH",
            "HOME",
            "SHELL",
            "IFS",
            "ENV",
            "BASH_ENV",
            "LANG",
            "CLASSPATH",
            "JAVA_TOOL_OPTIONS",
            "JDK_JAVA_OPTIONS",
            "_JAVA_OPTIONS",
            "NODE_OPTIONS",
            "PYTHONPATH",
            "PYTHONSTARTUP",
            "PYTHONHOME",
            "PERL5OPT",
            "RUBYOPT");

    private static final List<String> RESERVED_BEGINNINGS = List.of("LD_", "DYLD_", "MOLECULE_");

    private final SecretStore store;
    private final Seal seal;
    private final Journal journal;
    private final Database database;
    private final InstantSource clock;

    /// @param platformKey `SECRETS_ENCRYPTION_KEY`
    public Secrets(Database database, String platformKey, Journal journal, InstantSource clock) {
        this.store = new SecretStore(database);
        this.seal = new Seal(platformKey);
        this.journal = journal;
        this.database = database;
        this.clock = clock;
    }

    /// To be called before anything is kept.
    ///
    /// @throws WrongKeyException when what is kept was sealed with another key
    public void checkKey() throws WrongKeyException {
        store.putProbe(seal.close(PROBE, PROBE));
        try {
            seal.open(store.probe().orElseThrow(), PROBE);
        } catch (BrokenSealException otherKey) {
            throw new WrongKeyException(otherKey);
        }
    }

    /// The key is not the one that sealed what is kept.
    public static final class WrongKeyException extends Exception {
        private static final long serialVersionUID = 1L;

        WrongKeyException(Throwable cause) {
            super(
                    "SECRETS_ENCRYPTION_KEY: expected the key with which the secrets in this database were sealed",
                    cause);
        }
    }

    /// Keeps a value.
    ///
    /// @param workspace whose; null for all of them
    /// @throws Refusal `invalid_field` when the name cannot be given to an agent, or name or value are too long
    public void put(@Nullable WorkspaceId workspace, String name, String value) {
        check(name, value);
        var owner = owner(workspace);
        database.inTransaction(() -> {
            if (!store.put(owner, name, seal.close(value, purpose(owner, name)), PER_OWNER_MAX, clock.instant())) {
                throw new Refusal(Reason.CONFLICT, "Expected at most " + PER_OWNER_MAX + " secrets");
            }
            return tell(workspace, name, "saved");
        });
    }

    /// Forgets a value.
    ///
    /// @throws Refusal `not_found` when there is none of this name
    public void delete(@Nullable WorkspaceId workspace, String name) {
        database.inTransaction(() -> {
            if (!store.delete(owner(workspace), name)) {
                throw new Refusal(Reason.NOT_FOUND, "Expected a secret of this name, but there is none");
            }
            return tell(workspace, name, "deleted");
        });
    }

    private long tell(@Nullable WorkspaceId workspace, String name, String what) {
        var payload = Json.object()
                .put("key", name)
                .put("scope", workspace == null ? "global" : "workspace")
                .put("status", what);
        store.announce(CHANNEL, workspace == null ? "" : workspace.toString());
        return journal.append(Event.SECRET_CHANGED, workspace, payload);
    }

    /// Gives a workspace no other global secrets than these; its own are not touched.
    public void limit(WorkspaceId workspace, Set<String> names) {
        store.limit(workspace, new TreeSet<>(names));
    }

    /// Refuses what can be no secret's name.
    ///
    /// @throws Refusal `invalid_field` when it is none
    public static void checkName(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new Refusal(
                    Reason.INVALID_FIELD,
                    "Expected a key of letters, digits and underscores, not beginning with a digit, of at most 128 characters");
        }
    }

    /// The names of what a workspace gets, or of the global ones.
    public List<SecretName> names(@Nullable WorkspaceId workspace) {
        return store.names(owner(workspace));
    }

    /// The workspaces that have an own value of a name, and so do not get the global one.
    public Set<WorkspaceId> owners(String name) {
        return store.owners(name);
    }

    /// The values a workspace gets: its own, and the global ones that it has no own of.
    ///
    /// @throws IllegalStateException when one does not open, which the check at the start rules out but for
    /// tampering
    public Map<String, String> values(WorkspaceId workspace) {
        var values = new LinkedHashMap<String, String>();
        for (var sealed : store.values(workspace.value())) {
            try {
                values.put(sealed.name(), seal.open(sealed.value(), purpose(sealed.owner(), sealed.name())));
            } catch (BrokenSealException tampered) {
                throw new IllegalStateException(
                        "Expected secret " + sealed.name() + " to open with this key", tampered);
            }
        }
        return values;
    }

    /// Tells the journal that an agent fetched its values; which, but not what they are.
    public void tellRead(WorkspaceId workspace, List<String> names) {
        var payload = Json.object();
        var keys = payload.putArray("keys");
        names.forEach(keys::add);
        journal.append(Event.SECRETS_READ, workspace, payload);
    }

    /// The same for the same content only; nothing of the content can be guessed from it without our key.
    public String mark(byte[] content) {
        return seal.mark(content);
    }

    /// A text without the values that a workspace's agent got: what agents write before they end is told to
    /// people and kept.
    public String masked(WorkspaceId workspace, String text) {
        var masked = text;
        for (var value : values(workspace).values()) {
            for (var line : value.lines().map(String::strip).toList()) {
                masked = line.length() < MASKED_LENGTH_MIN ? masked : masked.replace(line, "***");
            }
        }
        return masked;
    }

    /// The same, and without what has the form of a secret of somebody else: for what is kept and shown.
    public String clean(WorkspaceId workspace, String text) {
        return Redaction.of(masked(workspace, text));
    }

    private static void check(String name, String value) {
        checkName(name);
        var upper = name.toUpperCase(Locale.ROOT);
        if (RESERVED.contains(upper) || RESERVED_BEGINNINGS.stream().anyMatch(upper::startsWith)) {
            throw new Refusal(Reason.INVALID_FIELD, "Expected a key other than " + name + ", which is reserved");
        }
        if (value.isEmpty() || value.length() > VALUE_MAX || value.indexOf('\0') >= 0) {
            throw new Refusal(
                    Reason.INVALID_FIELD,
                    "Expected a value of 1 to " + VALUE_MAX + " characters without NUL for " + name);
        }
    }

    private static UUID owner(@Nullable WorkspaceId workspace) {
        return workspace == null ? SecretStore.ALL : workspace.value();
    }

    private static String purpose(UUID owner, String name) {
        return owner + "|" + name;
    }
}
