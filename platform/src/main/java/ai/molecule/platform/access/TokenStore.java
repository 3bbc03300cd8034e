package ai.molecule.platform.access;

import ai.molecule.platform.store.Database;
import ai.molecule.protocol.WorkspaceId;
import java.time.Instant;
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
                select t.workspace_id, t.expires_at, t.ended_at, t.superseded, coalesce(w.epoch, 0) as epoch
                from tokens t left join workspaces w on w.id = t.workspace_id
                where t.hash = ? and t.kind = ?
                """,
                row -> new Found(
                        row.uuidOrNull("workspace_id"),
                        row.instantOrNull("expires_at"),
                        row.instantOrNull("ended_at") != null,
                        row.flag("superseded"),
                        row.number("epoch")),
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

    record Found(@Nullable UUID workspace, @Nullable Instant expiry, boolean ended, boolean superseded, long epoch) {}
}
