package ai.molecule.platform.memory;

import ai.molecule.platform.journal.Event;
import ai.molecule.platform.journal.Journal;
import ai.molecule.platform.memory.MemoryStore.View;
import ai.molecule.platform.secret.Secrets;
import ai.molecule.platform.store.Database;
import ai.molecule.platform.workspace.Workspaces;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.WorkspaceId;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What workspaces remember. Durable and bounded; who sees what is decided here, and secrets never come in. What
/// is remembered lasts until it is deleted; what only a removed workspace could see goes with it.
public final class Memories {

    static final int KEPT_MAX = 5000;
    private static final int CONTENT_MAX = 8192;
    private static final int NAMESPACE_MAX = 50;
    private static final int QUERY_MAX = 2000;

    /// How many are compared in meaning: the newest that are seen.
    private static final int COMPARED_MAX = 5000;

    /// Below this, two texts of the model have nothing to do with each other.
    private static final double ALIKE_MIN = 0.2;

    private static final int PLACED_AT_ONCE_MAX = 100;

    /// How many of its own newest ones a workspace's question may wait for.
    private static final int PLACED_FIRST_MAX = 10;

    private final MemoryStore store;
    private final Workspaces workspaces;
    private final Secrets secrets;
    private final Meaning meaning;
    private final Journal journal;
    private final Database database;
    private final InstantSource clock;

    public Memories(
            Workspaces workspaces,
            Secrets secrets,
            Meaning meaning,
            Journal journal,
            Database database,
            InstantSource clock) {
        this.store = new MemoryStore(database);
        this.workspaces = workspaces;
        this.secrets = secrets;
        this.meaning = meaning;
        this.journal = journal;
        this.database = database;
        this.clock = clock;
    }

    /// What is to be remembered.
    ///
    /// @param namespace empty for the general one
    /// @param writtenBy `agent` or `operator`
    /// @param task in whose course; null for none
    public record Note(
            WorkspaceId workspace,
            Scope scope,
            String namespace,
            String content,
            String writtenBy,
            @Nullable UUID task) {
        public Note {
            namespace = checked(namespace).isEmpty() ? "general" : namespace;
            if (content.isBlank() || content.length() > CONTENT_MAX) {
                throw new Refusal(Reason.INVALID_FIELD, "Expected \"content\" of 1 to " + CONTENT_MAX + " characters");
            }
        }
    }

    private static String checked(String namespace) {
        if (namespace.length() > NAMESPACE_MAX) {
            throw new Refusal(
                    Reason.INVALID_FIELD, "Expected \"namespace\" of at most " + NAMESPACE_MAX + " characters");
        }
        return namespace;
    }

    /// Remembers, without what looks like a secret or is one of the workspace's. The same is remembered once.
    ///
    /// @throws Refusal `forbidden` for GLOBAL by a workspace that has a parent; `conflict` when it remembers as
    /// much as it may
    public Memory commit(Note note) {
        var writer = workspaces.require(note.workspace());
        if (note.scope() == Scope.GLOBAL && writer.place().parent() != null) {
            throw new Refusal(Reason.FORBIDDEN, "only root workspaces can write GLOBAL memories");
        }
        if (note.scope() == Scope.GLOBAL && writer.expiresAt() != null) {
            throw new Refusal(Reason.FORBIDDEN, "only workspaces that stay can write GLOBAL memories");
        }
        var fresh = new Memory(
                UUID.randomUUID(),
                note.workspace(),
                writer.profile().name(),
                note.scope(),
                secrets.clean(note.workspace(), note.namespace()),
                secrets.clean(note.workspace(), note.content()),
                note.writtenBy(),
                note.task(),
                clock.instant(),
                null);
        return database.inTransaction(() -> {
            if (store.insert(fresh, KEPT_MAX)) {
                tell(fresh, "committed");
                return fresh;
            }
            return store.same(fresh)
                    .orElseThrow(() -> new Refusal(
                            Reason.CONFLICT, "Expected at most " + KEPT_MAX + " memories of one workspace"));
        });
    }

    /// Forgets what a workspace wrote.
    ///
    /// @throws Refusal `not_found`
    public void delete(WorkspaceId workspace, UUID id) {
        database.inTransaction(() -> {
            var gone = store.delete(workspace, id)
                    .orElseThrow(() -> new Refusal(
                            Reason.NOT_FOUND, "Expected a memory of this workspace, but there is none of this id"));
            tell(gone, "deleted");
            return gone;
        });
    }

    /// The journal tells that something was remembered, and not what.
    private void tell(Memory memory, String status) {
        journal.append(
                Event.MEMORY_CHANGED,
                memory.workspace(),
                Json.object()
                        .put("memory_id", memory.id().toString())
                        .put("scope", memory.scope().name())
                        .put("namespace", memory.namespace())
                        .put("status", status));
    }

    /// What is asked.
    ///
    /// @param query in words; empty for the latest
    /// @param scope empty for all
    /// @param namespace empty for all
    public record Question(WorkspaceId workspace, String query, String scope, String namespace, int limit) {
        public Question {
            scope = scope.isEmpty() ? "" : Scope.parse(scope).name();
            namespace = checked(namespace);
            if (query.length() > QUERY_MAX) {
                throw new Refusal(Reason.INVALID_FIELD, "Expected a question of at most " + QUERY_MAX + " characters");
            }
        }
    }

    /// What a workspace may see and what has to do with a question: near to it in meaning, or with its words.
    public List<Memory> recall(Question question) {
        workspaces.require(question.workspace());
        var view = new View(question.workspace(), question.scope(), question.namespace());
        if (question.query().isBlank()) {
            return store.latest(view, question.limit());
        }
        var byWords = store.withWords(view, question.query(), question.limit());
        var byMeaning = alike(view, question);
        return fused(byWords, byMeaning, question.limit());
    }

    /// What is near in meaning, the nearest first.
    private List<Memory> alike(View view, Question question) {
        place(store.unplaced(view.workspace(), PLACED_FIRST_MAX));
        var place = meaning.of(question.query());
        if (place.isEmpty()) {
            return List.of();
        }
        var near = new LinkedHashMap<UUID, Double>();
        store.vectors(view, COMPARED_MAX).stream()
                .map(one -> Map.entry(one.id(), Meaning.nearness(place.get(), one.vector())))
                .filter(one -> one.getValue() >= ALIKE_MIN)
                .sorted(Map.Entry.<UUID, Double>comparingByValue().reversed())
                .limit(question.limit())
                .forEach(one -> near.put(one.getKey(), one.getValue()));
        var found = new HashMap<UUID, Memory>();
        store.all(List.copyOf(near.keySet())).forEach(one -> found.put(one.id(), one));
        var alike = new ArrayList<Memory>();
        near.forEach((id, measured) -> {
            var memory = found.get(id);
            if (memory != null) {
                alike.add(memory.like(measured));
            }
        });
        return alike;
    }

    /// Two lists as one: what is early in either, and earlier what is in both (reciprocal rank fusion).
    private static List<Memory> fused(List<Memory> byWords, List<Memory> byMeaning, int limit) {
        var scores = new HashMap<UUID, Double>();
        var all = new LinkedHashMap<UUID, Memory>();
        for (var list : List.of(byMeaning, byWords)) {
            for (int rank = 0; rank < list.size(); rank++) {
                all.putIfAbsent(list.get(rank).id(), list.get(rank));
                scores.merge(list.get(rank).id(), 1.0 / (60 + rank), Double::sum);
            }
        }
        return all.values().stream()
                .sorted(Comparator.comparingDouble((Memory one) -> scores.getOrDefault(one.id(), 0.0))
                        .reversed())
                .limit(limit)
                .toList();
    }

    /// One look: finds out what was remembered means.
    public void round() {
        place(store.unplaced(PLACED_AT_ONCE_MAX));
    }

    /// Forgets what nobody can see any more.
    public void tidy() {
        store.removeUnseen();
    }

    private void place(List<MemoryStore.Unplaced> texts) {
        for (var one : texts) {
            var place = meaning.of(one.content());
            if (place.isEmpty()) {
                return;
            }
            store.place(one.id(), Meaning.bytes(place.get()));
        }
    }
}
