package ai.molecule.platform.access;

import ai.molecule.platform.store.Database;
import ai.molecule.platform.store.Notices;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.WorkspaceId;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Tells who a bearer is, and gives out and ends the secrets that prove it.
///
/// Tokens are durable. What was looked up is kept in memory (soft) until the database announces a change, so that a
/// heartbeat costs no query.
public final class Access {

    /// The channel on which ended or renewed tokens are announced.
    public static final String CHANNEL = "access";

    private static final Duration SESSION_LIFE = Duration.ofDays(30);
    private static final Duration LINK_LIFE = Duration.ofHours(1);
    private static final Duration ENROLMENT_LIFE = Duration.ofHours(24);
    private static final int KNOWN_MAX = 200_000;
    private static final int TOKENS_MAX = 50;

    private final TokenStore store;
    private final byte[] adminHash;
    private final InstantSource clock;
    private final Map<String, Known> known = new ConcurrentHashMap<>();
    private final AtomicLong forgotten = new AtomicLong();
    private final Set<String> used = ConcurrentHashMap.newKeySet();

    public Access(Database database, String adminToken, InstantSource clock) {
        this.store = new TokenStore(database);
        this.adminHash = Token.sha256(adminToken);
        this.clock = clock;
    }

    /// Forgets what was looked up whenever a token ends.
    public void listen(Notices notices) {
        notices.on(CHANNEL, this::forget);
    }

    /// Who shows this bearer.
    ///
    /// @throws Refusal `invalid_token` when nobody known does, `superseded` when a newer life of the agent took its
    /// place
    public Caller identify(String bearer) {
        if (MessageDigest.isEqual(adminHash, Token.sha256(bearer))) {
            return new Caller.Admin(false);
        }
        var token = Token.parse(bearer).orElseThrow(Access::invalid);
        return switch (token.kind()) {
            case AGENT, ENROLMENT -> lookUp(token);
            case SESSION, LINK, JOIN -> throw invalid();
        };
    }

    /// Who holds this session cookie.
    ///
    /// @throws Refusal `invalid_token` when nobody does
    public Caller identifySession(String cookie) {
        var token = Token.parse(cookie)
                .filter(found -> found.kind() == Token.Kind.SESSION)
                .orElseThrow(Access::invalid);
        return lookUp(token);
    }

    /// A link's secret that signs one person in, once.
    public Token newSignInLink() {
        return issue(Token.Kind.LINK, null, LINK_LIFE);
    }

    /// Exchanges a link's secret for a session.
    ///
    /// @throws Refusal `invalid_token` when it was used, is too old or never was
    public Token signIn(String link) {
        var token = Token.parse(link)
                .filter(found -> found.kind() == Token.Kind.LINK)
                .orElseThrow(Access::invalid);
        if (!store.end(token, clock.instant())) {
            throw invalid();
        }
        return newSession();
    }

    /// A session for somebody who proved to be the operator.
    public Token newSession() {
        return issue(Token.Kind.SESSION, null, SESSION_LIFE);
    }

    /// Ends a session.
    public void signOut(String cookie) {
        Token.parse(cookie)
                .filter(token -> token.kind() == Token.Kind.SESSION)
                .filter(token -> store.end(token, clock.instant()))
                .ifPresent(token -> {
                    forgotten.incrementAndGet();
                    known.remove(token.key());
                });
    }

    /// A secret with which a workspace's agent may register once. Earlier ones end.
    public Enrolment newEnrolment(WorkspaceId workspace) {
        store.endAll(workspace, Token.Kind.ENROLMENT, false, clock.instant());
        var end = clock.instant().plus(ENROLMENT_LIFE);
        return new Enrolment(issue(Token.Kind.ENROLMENT, workspace, ENROLMENT_LIFE), end);
    }

    /// A secret with which a workspace's agent may register once.
    ///
    /// @param expiresAt until when
    public record Enrolment(Token token, Instant expiresAt) {}

    /// Uses an enrolment up.
    ///
    /// @throws Refusal `invalid_token` when it was used before
    public void useEnrolment(String bearer) {
        var token = Token.parse(bearer).orElseThrow(Access::invalid);
        if (!store.end(token, clock.instant())) {
            throw invalid();
        }
    }

    /// A new token for a workspace's agent; the ones before it answer `superseded` from now on.
    public Token newAgentToken(WorkspaceId workspace) {
        store.endAll(workspace, Token.Kind.AGENT, true, clock.instant());
        return issue(Token.Kind.AGENT, workspace, null);
    }

    /// One more token for a workspace's agent, good beside those before it.
    ///
    /// @param othersEndIn how long those before it stay good; null for as long as nobody ends them
    /// @throws Refusal `conflict` when there are as many as there may be
    public Token addAgentToken(WorkspaceId workspace, @Nullable Duration othersEndIn) {
        var now = clock.instant();
        if (store.live(workspace, now, TOKENS_MAX).size() >= TOKENS_MAX) {
            throw new Refusal(
                    Refusal.Reason.CONFLICT, "Expected at most " + TOKENS_MAX + " tokens of one workspace; end one");
        }
        var token = issue(Token.Kind.AGENT, workspace, null);
        if (othersEndIn != null) {
            store.endLater(workspace, token, now.plus(othersEndIn));
        }
        return token;
    }

    /// The tokens of a workspace's agents that are good, the newest first.
    public List<TokenNote> tokens(WorkspaceId workspace) {
        return store.live(workspace, clock.instant(), TOKENS_MAX);
    }

    /// Ends one token, at once.
    ///
    /// @throws Refusal `not_found` when there is none of this id
    public void endToken(WorkspaceId workspace, UUID id) {
        if (!store.end(workspace, id, clock.instant())) {
            throw new Refusal(Refusal.Reason.NOT_FOUND, "Expected a token of this id, but there is none");
        }
    }

    /// A key with which the runs of a pipeline may join by a rule, until it expires.
    public Token newJoinKey(UUID rule, Instant expiry) {
        var token = Token.random(Token.Kind.JOIN);
        store.addJoinKey(token, rule, clock.instant(), expiry);
        return token;
    }

    /// The rule of a join key; empty when the bearer is no join key at all.
    ///
    /// @throws Refusal `invalid_token` when it is one, but unknown, too old or ended
    public Optional<UUID> joinRule(String bearer) {
        var key = Token.parse(bearer).filter(token -> token.kind() == Token.Kind.JOIN);
        return key.map(token -> store.joinRule(token, clock.instant()).orElseThrow(Access::invalid));
    }

    /// Ends the keys of a rule.
    public void endJoinKeys(UUID rule) {
        store.endJoinKeys(rule, clock.instant());
    }

    /// True for a token that was looked up and has run out since.
    public boolean expired(String bearer) {
        return Token.parse(bearer)
                .map(token -> known.get(token.key()))
                .map(Known::expiry)
                .filter(expiry -> !clock.instant().isBefore(expiry))
                .isPresent();
    }

    /// Writes down which tokens were used since the last time.
    public void noteUse() {
        var keys = List.copyOf(used);
        used.removeAll(Set.copyOf(keys));
        store.used(keys.stream().map(HexFormat.of()::parseHex).toList(), clock.instant());
    }

    /// Ends every secret of a workspace.
    public void endAll(WorkspaceId workspace) {
        for (var kind : Token.Kind.values()) {
            store.endAll(workspace, kind, false, clock.instant());
        }
    }

    /// Announces that a workspace's agent began a new epoch.
    public void announceEpoch(WorkspaceId workspace) {
        store.announce(workspace);
    }

    private Token issue(Token.Kind kind, @Nullable WorkspaceId workspace, @Nullable Duration life) {
        var token = Token.random(kind);
        var now = clock.instant();
        store.add(token, workspace, now, life == null ? null : now.plus(life));
        return token;
    }

    private Caller lookUp(Token token) {
        var remembered = known.get(token.key());
        if (remembered == null) {
            remembered = fetchAndRemember(token);
        }
        if (remembered.expiry() != null && !clock.instant().isBefore(remembered.expiry())) {
            throw invalid();
        }
        if (token.kind() == Token.Kind.AGENT) {
            used.add(token.key());
        }
        return remembered.caller();
    }

    private Known fetchAndRemember(Token token) {
        var before = forgotten.get();
        var fetched = fetch(token);
        if (known.size() >= KNOWN_MAX) {
            known.clear();
        }
        known.put(token.key(), fetched);
        if (forgotten.get() != before) {
            // Something ended while we looked; what we read may be the state before it.
            known.remove(token.key());
        }
        return fetched;
    }

    private Known fetch(Token token) {
        var found = store.find(token).orElseThrow(Access::invalid);
        if (found.removedAt() != null) {
            var id = new WorkspaceId(Objects.requireNonNull(found.workspace()));
            throw new Refusal(
                    Refusal.Reason.WORKSPACE_REMOVED,
                    "Expected a workspace, but " + id + " was removed",
                    new Gone(id, found.removedAt()));
        }
        if (found.ended()) {
            throw found.superseded()
                    ? new Refusal(
                            Refusal.Reason.SUPERSEDED,
                            "Expected the current agent of this workspace, but a newer one has registered in its place")
                    : invalid();
        }
        Caller caller = switch (token.kind()) {
            case AGENT -> new Caller.Agent(new WorkspaceId(Objects.requireNonNull(found.workspace())), found.epoch());
            case ENROLMENT -> new Caller.Enrolled(new WorkspaceId(Objects.requireNonNull(found.workspace())));
            case SESSION, LINK -> new Caller.Admin(true);
            case JOIN -> throw invalid();
        };
        return new Known(caller, found.expiry());
    }

    /// Looks a workspace's tokens up anew the next time one is shown.
    public void forget(WorkspaceId workspace) {
        forget(workspace.toString());
    }

    private void forget(String workspace) {
        forgotten.incrementAndGet();
        if (workspace.isEmpty()) {
            known.clear();
            return;
        }
        known.values().removeIf(entry -> switch (entry.caller()) {
            case Caller.Agent agent -> agent.workspace().toString().equals(workspace);
            case Caller.Enrolled enrolled -> enrolled.workspace().toString().equals(workspace);
            case Caller.Admin _ -> false;
        });
    }

    private static Refusal invalid() {
        return new Refusal(
                Refusal.Reason.INVALID_TOKEN, "Expected a valid token, but this one is unknown, used up or ended");
    }

    private record Known(Caller caller, @Nullable Instant expiry) {}
}
