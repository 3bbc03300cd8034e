package ai.molecule.platform.admission;

import ai.molecule.platform.store.Database;
import ai.molecule.platform.store.Row;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.WorkspaceId;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/// The SQL of join rules.
final class JoinRuleStore {

    private final Database database;

    JoinRuleStore(Database database) {
        this.database = database;
    }

    void insert(JoinRule rule) {
        var identity = rule.proof() instanceof Proof.Identity shown ? shown : null;
        var terms = rule.terms();
        database.update(
                """
                insert into join_rules (id, name, issuer, audience, claims, parent_id, role, ttl, live_max, secrets, created_at, expires_at)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                rule.id(),
                rule.name(),
                identity == null ? "" : identity.issuer(),
                identity == null ? "" : identity.audience(),
                identity == null ? "{}" : written(identity.claims()),
                terms.parent() == null ? null : terms.parent().value(),
                terms.role(),
                (int) terms.ttl().toSeconds(),
                terms.liveMax(),
                String.join(",", terms.secrets()),
                rule.createdAt(),
                rule.proof() instanceof Proof.Key(var expiresAt) ? expiresAt : null);
    }

    /// All that are good, the newest first, with how many of their runs are live.
    List<Admission.Standing> all(int limit) {
        return database.query("""
                select j.*, (select count(*) from runs r join workspaces w on w.id = r.workspace_id and w.status <> 'removed'
                             where r.rule_id = j.id) as live
                from join_rules j where j.ended_at is null order by j.created_at desc, j.id limit ?
                """, row -> new Admission.Standing(rule(row), row.count("live")), limit);
    }

    /// The rules that believe an issuer, the oldest first.
    List<JoinRule> believing(String issuer) {
        return database.query(
                "select * from join_rules where issuer = ? and ended_at is null order by created_at, id",
                JoinRuleStore::rule,
                issuer);
    }

    /// Holds a rule until the transaction ends; empty when it has ended.
    Optional<JoinRule> hold(UUID id) {
        return database.first(
                "select * from join_rules where id = ? and ended_at is null for update", JoinRuleStore::rule, id);
    }

    /// True when there is one or was.
    boolean known(UUID id) {
        return database.first("select true as there from join_rules where id = ?", row -> row.flag("there"), id)
                .isPresent();
    }

    /// Ends a rule; false when it had ended or never was.
    boolean end(UUID id, Instant now) {
        return database.update("update join_rules set ended_at = ? where id = ? and ended_at is null", now, id) == 1;
    }

    private static JoinRule rule(Row row) {
        var parent = row.uuidOrNull("parent_id");
        return new JoinRule(
                row.uuid("id"),
                row.text("name"),
                row.text("issuer").isEmpty()
                        ? new Proof.Key(row.instant("expires_at"))
                        : new Proof.Identity(row.text("issuer"), row.text("audience"), read(row.text("claims"))),
                new Terms(
                        parent == null ? null : new WorkspaceId(parent),
                        row.text("role"),
                        Duration.ofSeconds(row.number("ttl")),
                        row.count("live_max"),
                        names(row.text("secrets"))),
                row.instant("created_at"));
    }

    private static Set<String> names(String list) {
        return Arrays.stream(list.split(",", -1))
                .filter(name -> !name.isEmpty())
                .collect(Collectors.toSet());
    }

    private static String written(Map<String, List<String>> claims) {
        var json = Json.object();
        claims.forEach((claim, patterns) -> patterns.forEach(json.withArray(claim)::add));
        return json.toString();
    }

    private static Map<String, List<String>> read(String claims) {
        var map = new LinkedHashMap<String, List<String>>();
        Json.trusted(claims)
                .properties()
                .forEach(claim -> map.put(
                        claim.getKey(),
                        claim.getValue()
                                .valueStream()
                                .map(value -> value.asText())
                                .toList()));
        return map;
    }
}
