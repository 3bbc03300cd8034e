package ai.molecule.platform.admission;

import ai.molecule.platform.access.Access;
import ai.molecule.platform.access.Caller;
import ai.molecule.platform.journal.Event;
import ai.molecule.platform.journal.Journal;
import ai.molecule.platform.registry.Registry;
import ai.molecule.platform.secret.Secrets;
import ai.molecule.platform.store.Database;
import ai.molecule.platform.workspace.Draft;
import ai.molecule.platform.workspace.Workspaces;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.WorkspaceId;
import com.nimbusds.jwt.JWTClaimsSet;
import java.net.http.HttpClient;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Lets the runs of pipelines in: each gets an ephemeral workspace, a token of its own, and the secrets that its rule
/// names. Durable.
public final class Admission {

    private static final int RULES_MAX = 1000;
    private static final int RUNS_SHOWN = 500;

    private static final WorkspaceId NOBODY_YET = new WorkspaceId(new UUID(0, 0));

    /// Runs register as if their operator did it for them.
    private static final Caller OPERATOR = new Caller.Admin(false);

    private final JoinRuleStore rules;
    private final RunStore runs;
    private final IdentityTokens identities;
    private final Rooms rooms;
    private final Database database;
    private final InstantSource clock;

    /// Whom admission works with.
    public record Rooms(Workspaces workspaces, Registry registry, Access access, Secrets secrets, Journal journal) {}

    public Admission(Rooms rooms, HttpClient http, Database database, InstantSource clock) {
        this.rules = new JoinRuleStore(database);
        this.runs = new RunStore(database);
        this.identities = new IdentityTokens(http, clock);
        this.rooms = rooms;
        this.database = database;
        this.clock = clock;
    }

    /// Makes a rule.
    ///
    /// @return its key, where a key is its proof; shown once
    public @Nullable String make(JoinRule rule) {
        return database.inTransaction(() -> {
            if (rules.all(RULES_MAX).size() >= RULES_MAX) {
                throw new Refusal(Reason.CONFLICT, "Expected at most " + RULES_MAX + " join rules; end one");
            }
            var parent = rule.terms().parent();
            if (parent != null) {
                rooms.workspaces().require(parent);
            }
            rules.insert(rule);
            tell(rule.id(), rule.name(), "made");
            return rule.proof() instanceof Proof.Key(var expiresAt)
                    ? rooms.access().newJoinKey(rule.id(), expiresAt).reveal()
                    : null;
        });
    }

    /// The rules that are good, the newest first, with how many of their runs are there.
    public List<Standing> rules() {
        return rules.all(RULES_MAX);
    }

    /// A rule as it stands.
    ///
    /// @param live how many of its runs are there now
    public record Standing(JoinRule rule, int live) {}

    /// Ends a rule: nobody joins by it any more. Runs that are there stay until they leave.
    ///
    /// @throws Refusal `not_found` when there is none
    public void end(UUID id) {
        database.inTransaction(() -> {
            var rule = rules.hold(id).orElseThrow(Admission::noRule);
            rules.end(id, clock.instant());
            rooms.access().endJoinKeys(id);
            return tell(id, rule.name(), "ended");
        });
    }

    /// The runs that joined by a rule, the newest first.
    ///
    /// @throws Refusal `not_found` when there never was one
    public List<Run> runs(UUID rule) {
        if (!rules.known(rule)) {
            throw noRule();
        }
        return runs.of(rule, RUNS_SHOWN);
    }

    /// What a run got.
    ///
    /// @param again true when it had joined before, and has another token now
    public record Joined(Registry.Registered registered, String authToken, boolean again) {}

    /// Who is at the door.
    ///
    /// @param bearer its join key, or the identity token of its CI
    /// @throws Refusal when no rule lets it in
    public Arrival recognise(String bearer) {
        return rooms.access()
                .joinRule(bearer)
                .map(rule -> new Arrival(rule, "", "", false))
                .orElseGet(() -> identified(bearer));
    }

    /// A run at the door.
    ///
    /// @param rule the rule that lets it in
    /// @param subject who its identity token says it is; empty where it came with a key
    /// @param run which run, as its token says it; empty where that says nothing
    /// @param job true where the token says even which job of the run
    public record Arrival(UUID rule, String subject, String run, boolean job) {}

    /// Lets a run in.
    ///
    /// @throws Refusal when nothing tells it from others, its rule has ended, or no more runs may be there
    public Joined join(Arrival arrival, Application wanted) {
        var visitor = wanted.by(arrival);
        rooms.registry().checkUrl(NOBODY_YET, wanted.registration(NOBODY_YET, wanted.called(visitor)));
        try {
            return entered(visitor, wanted);
        } catch (Refusal refusal) {
            if (refusal.reason() == Reason.WORKSPACE_REMOVED) {
                // Its workspace went just now; it gets another.
                return entered(visitor, wanted);
            }
            throw refusal;
        }
    }

    private Joined entered(Visitor visitor, Application wanted) {
        return database.inTransaction(() -> {
            var rule = rules.hold(visitor.rule()).orElseThrow(Admission::noLonger);
            var earlier = runs.live(rule.id(), visitor);
            var workspace = earlier.orElseGet(() -> admit(rule, visitor, wanted));
            var registered =
                    rooms.registry().register(OPERATOR, "", wanted.registration(workspace, wanted.called(visitor)));
            return new Joined(registered, String.valueOf(registered.authToken()), earlier.isPresent());
        });
    }

    private WorkspaceId admit(JoinRule rule, Visitor visitor, Application wanted) {
        var terms = rule.terms();
        if (runs.countLive(rule.id()) >= terms.liveMax()) {
            throw new Refusal(
                    Reason.CONFLICT,
                    "Expected at most " + terms.liveMax() + " runs at once by rule \"" + rule.name()
                            + "\"; wait until one has left");
        }
        var ttl = wanted.ttl() == null ? terms.ttl() : wanted.ttl();
        if (ttl.compareTo(terms.ttl()) > 0) {
            throw new Refusal(
                    Reason.INVALID_FIELD,
                    "Expected \"ttl\" of at most " + terms.ttl().toSeconds() + " seconds, as the rule says");
        }
        var metadata = Json.object();
        metadata.set("labels", wanted.labels());
        metadata.putObject("run")
                .put("rule", rule.name())
                .put("rule_id", rule.id().toString())
                .put("subject", visitor.subject())
                .put("external_key", visitor.key());
        var draft = Draft.ephemeral(wanted.called(visitor), terms.role(), terms.parent(), ttl, metadata);
        var made = rooms.workspaces().create(draft, null).workspace().id();
        rooms.secrets().limit(made, terms.secrets());
        runs.insert(made, rule.id(), visitor, wanted.labels().toString(), clock.instant());
        return made;
    }

    /// Its agent has done what it came for, or is about to end.
    ///
    /// @return true when the workspace went with it; false when it stays, and is offline
    public boolean leave(WorkspaceId workspace, Run.Report report) {
        return database.inTransaction(() -> {
            runs.report(workspace, report);
            return rooms.workspaces().left(workspace);
        });
    }

    private Arrival identified(String bearer) {
        var issuer = IdentityTokens.issuer(bearer);
        var believing = rules.believing(issuer);
        if (believing.isEmpty()) {
            throw new Refusal(
                    Reason.INVALID_TOKEN, "Expected an issuer that a join rule believes, but found " + issuer);
        }
        var claims = identities.verify(bearer, issuer);
        var audiences = claims.getAudience();
        var meant = believing.stream()
                .filter(rule -> audiences.contains(identity(rule).audience()))
                .toList();
        if (meant.isEmpty()) {
            throw new Refusal(
                    Reason.INVALID_TOKEN,
                    "Expected a token made for one of "
                            + believing.stream()
                                    .map(rule -> identity(rule).audience())
                                    .collect(Collectors.toSet()) + ", but found one for " + audiences);
        }
        return meant.stream()
                .filter(rule -> identity(rule).admits(claims.getClaims()))
                .findFirst()
                .map(rule -> new Arrival(rule.id(), claims.getSubject(), run(claims), namesJob(claims)))
                .orElseThrow(() -> new Refusal(
                        Reason.FORBIDDEN,
                        "Expected a join rule that admits " + claims.getSubject() + ", but there is none"));
    }

    private static String run(JWTClaimsSet claims) {
        var said = claims.getClaims();
        return Issuers.RUN_CLAIMS.stream()
                .filter(claim -> said.get(claim) != null)
                .map(claim -> claim + "=" + said.get(claim))
                .collect(Collectors.joining(" "));
    }

    private static boolean namesJob(JWTClaimsSet claims) {
        return Issuers.JOB_CLAIMS.stream().anyMatch(claim -> claims.getClaim(claim) != null);
    }

    private static Proof.Identity identity(JoinRule rule) {
        if (rule.proof() instanceof Proof.Identity identity) {
            return identity;
        }
        throw new IllegalStateException("Expected a rule that believes an issuer, but found " + rule.proof());
    }

    private long tell(UUID rule, String name, String status) {
        return rooms.journal()
                .append(
                        Event.JOIN_RULE_CHANGED,
                        null,
                        Json.object()
                                .put("rule_id", rule.toString())
                                .put("name", name)
                                .put("status", status));
    }

    private static Refusal noRule() {
        return new Refusal(Reason.NOT_FOUND, "Expected a join rule of this id, but there is none");
    }

    private static Refusal noLonger() {
        return new Refusal(Reason.INVALID_TOKEN, "Expected a join rule that is good, but this one has ended");
    }
}
