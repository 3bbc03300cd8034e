package ai.molecule.platform.access;

import ai.molecule.platform.store.Database;
import ai.molecule.protocol.WorkspaceId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The SQL of tokens. Whatever ends a token announces it, so that no process goes on trusting it.
final class TokenStore {

    private final Database database;

    TokenStore(Database database) {
        this.database = database;
    }

    void add(Token token, @Nullable WorkspaceId workspace, Instant now, @Nullable Instant expiry) {
        database.update(
                "insert into tokens (hash, kind, workspace_id, created_at, expires_at) values (?, ?, ?, ?, ?)",
                token.hash(),
                token.kind().column(),
                workspace == null ? null : workspace.value(),
                now,
                expiry);
    }

    Optional<Found> find(Token token) {
        return database.first(
                """
                select t.workspace_id, t.expires_at, t.ended_at, t.superseded, coalesce(w.epoch, 0) as epoch,
                    case when w.status = 'removed' then w.status_since end as removed_at
                from tokens t left join workspaces w on w.id = t.workspace_id
                where t.hash = ? and t.kind = ?
                """,
                row -> new Found(
                        row.uuidOrNull("workspace_id"),
                        row.instantOrNull("expires_at"),
                        row.instantOrNull("ended_at") != null,
                        row.flag("superseded"),
                        row.number("epoch"),
                        row.instantOrNull("removed_at")),
                token.hash(),
                token.kind().column());
    }

    /// Ends one token; false when it had ended already, so that of two who use it at once only one succeeds.
    boolean end(Token token, Instant now) {
        var ended =
                database.query("""
                update tokens set ended_at = ? where hash = ? and ended_at is null and (expires_at is null or expires_at > ?)
                returning workspace_id
                """, row -> Optional.ofNullable(row.uuidOrNull("workspace_id")), now, token.hash(), now);
        if (!ended.isEmpty() && token.kind() != Token.Kind.LINK) {
            announce(ended.getFirst().map(WorkspaceId::new).orElse(null));
        }
        return !ended.isEmpty();
    }

    /// The tokens of a workspace's agents that are good, the newest first.
    List<TokenNote> live(WorkspaceId workspace, Instant now, int limit) {
        return database.query(
                """
                select id, created_at, last_used_at, expires_at from tokens
                where workspace_id = ? and kind = 'agent' and ended_at is null and (expires_at is null or expires_at > ?)
                order by created_at desc, id limit ?
                """,
                row -> new TokenNote(
                        row.uuid("id"),
                        row.instant("created_at"),
                        row.instantOrNull("last_used_at"),
                        row.instantOrNull("expires_at")),
                workspace.value(),
                now,
                limit);
    }

    /// Ends one of a workspace's tokens; false when it has none of that id that is good.
    boolean end(WorkspaceId workspace, UUID id, Instant now) {
        var ended = database.update(
                        "update tokens set ended_at = ? where id = ? and workspace_id = ? and kind = 'agent' and ended_at is null",
                        now,
                        id,
                        workspace.value())
                == 1;
        if (ended) {
            announce(workspace);
        }
        return ended;
    }

    /// Lets a workspace's tokens be good until then and no longer, one excepted.
    void endLater(WorkspaceId workspace, Token besides, Instant until) {
        database.update("""
                update tokens set expires_at = least(coalesce(expires_at, ?), ?)
                where workspace_id = ? and kind = 'agent' and ended_at is null and hash <> ?
                """, until, until, workspace.value(), besides.hash());
        announce(workspace);
    }

    /// Notes when tokens were used last.
    void used(List<byte[]> hashes, Instant now) {
        for (var hash : hashes) {
            database.update("update tokens set last_used_at = ? where hash = ?", now, hash);
        }
    }

    /// Ends all of a workspace's tokens of a kind.
    void endAll(WorkspaceId workspace, Token.Kind kind, boolean superseded, Instant now) {
        database.update("""
                update tokens set ended_at = ?, superseded = ? where workspace_id = ? and kind = ? and ended_at is null
                """, now, superseded, workspace.value(), kind.column());
        announce(workspace);
    }

    /// Tells every process to look the workspace's tokens up again; null means all of them.
    void announce(@Nullable WorkspaceId workspace) {
        database.query(
                "select pg_notify('" + Access.CHANNEL + "', ?) is null as told",
                row -> row.flag("told"),
                workspace == null ? "" : workspace.toString());
    }

    void addJoinKey(Token token, UUID rule, Instant now, Instant expiry) {
        database.update(
                "insert into tokens (hash, kind, rule_id, created_at, expires_at) values (?, ?, ?, ?, ?)",
                token.hash(),
                token.kind().column(),
                rule,
                now,
                expiry);
    }

    /// The rule of a join key that is good; noted as used.
    Optional<UUID> joinRule(Token token, Instant now) {
        return database.first("""
                update tokens set last_used_at = ? where hash = ? and kind = 'join' and ended_at is null and expires_at > ?
                returning rule_id
                """, row -> row.uuid("rule_id"), now, token.hash(), now);
    }

    void endJoinKeys(UUID rule, Instant now) {
        database.update("update tokens set ended_at = ? where rule_id = ? and ended_at is null", now, rule);
    }

    record Found(
            @Nullable UUID workspace,
            @Nullable Instant expiry,
            boolean ended,
            boolean superseded,
            long epoch,
            @Nullable Instant removedAt) {}
}
