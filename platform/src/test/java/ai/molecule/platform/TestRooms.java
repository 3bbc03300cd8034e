package ai.molecule.platform;

import ai.molecule.platform.access.Access;
import ai.molecule.platform.access.Hierarchy;
import ai.molecule.platform.access.Keys;
import ai.molecule.platform.backend.FakeBackend;
import ai.molecule.platform.backend.HostRules;
import ai.molecule.platform.journal.Journal;
import ai.molecule.platform.ledger.Board;
import ai.molecule.platform.live.Feed;
import ai.molecule.platform.registry.Heartbeats;
import ai.molecule.platform.registry.Registry;
import ai.molecule.platform.registry.UrlGuard;
import ai.molecule.platform.secret.Secrets;
import ai.molecule.platform.store.Database;
import ai.molecule.platform.store.Notices;
import ai.molecule.platform.store.TestPostgres;
import ai.molecule.platform.workspace.Deaths;
import ai.molecule.platform.workspace.Draft;
import ai.molecule.platform.workspace.Lives;
import ai.molecule.platform.workspace.Offer;
import ai.molecule.platform.workspace.Provisioner;
import ai.molecule.platform.workspace.Runtimes;
import ai.molecule.platform.workspace.Spares;
import ai.molecule.platform.workspace.Workspace;
import ai.molecule.platform.workspace.Workspaces;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Network;
import ai.molecule.protocol.Registration;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/// The rooms over a real database, without an edge and without loops; time is the test's.
public final class TestRooms implements AutoCloseable {

    public static final String ADMIN_TOKEN = "the-operators-own-token";

    public final TurnedClock clock = new TurnedClock();
    public final Database database = TestPostgres.open();
    public final Notices notices = new Notices(database);
    public final FakeBackend backend = new FakeBackend();
    public final Journal journal = new Journal(database, clock);
    public final Access access = new Access(database, ADMIN_TOKEN, clock);
    public final Hierarchy hierarchy = new Hierarchy(database);
    public final Secrets secrets = new Secrets(database, "a key for tests only", journal, clock);
    public final Runtimes runtimes = new Runtimes(Runtimes.ours("test/"), journal, database, clock);
    public final Lives lives = new Lives(database, journal);
    /// What the agents of workspaces are configured with.
    public final Function<WorkspaceId, Map<String, String>> configuration =
            any -> Map.of("config.yaml", "role: tests\n");

    public final Provisioner.Surroundings surroundings = new Provisioner.Surroundings(
            Map.of("process", backend), runtimes, any -> URI.create("http://127.0.0.1:8080/"), configuration);
    public final Spares spares = new Spares(new Spares.Wanted(2, List.of("echo"), "process"), surroundings, clock);
    public final Workspaces workspaces = new Workspaces(
            lives,
            journal,
            new Offer(Set.of(), runtimes, Map.of("process", backend), HostRules.NOTHING),
            spares,
            access,
            secrets,
            database,
            clock);
    public final Deaths deaths = new Deaths(lives, secrets, database, clock);
    public final Provisioner provisioner = new Provisioner(lives, deaths, access, secrets, surroundings, spares, clock);
    public final Registry registry = new Registry(
            lives,
            access,
            new Keys("a key for tests only"),
            new UrlGuard(List.of(), "ALLOWED_AGENT_CIDRS", false, Network.DIRECT),
            database,
            clock);
    public final Heartbeats heartbeats = new Heartbeats(lives, journal, access, database, clock);
    public final Feed feed = new Feed(journal, workspaces, new Board(database, clock), database, clock);

    public TestRooms() {
        deaths.attend(backend, spares, () -> {});
        access.listen(notices);
        feed.listen(notices);
        notices.start();
    }

    /// Creates a workspace from its body.
    public Workspace create(ObjectNode body) {
        return workspaces.create(Draft.read(body, "process"), null).workspace();
    }

    public Workspace create(String name) {
        return create(Json.object().put("name", name));
    }

    public Workspace createExternal(String name) {
        return create(Json.object().put("name", name).put("runtime", "external"));
    }

    public Workspace createBelow(String name, Workspace parent) {
        return create(
                Json.object().put("name", name).put("parent_id", parent.id().toString()));
    }

    /// Registers an agent with the operator's token and gives the agent's.
    public String register(Workspace workspace) {
        var registration = new Registration(workspace.id(), "", Json.object());
        var token = registry.register(access.identify(ADMIN_TOKEN), ADMIN_TOKEN, registration)
                .authToken();
        return java.util.Objects.requireNonNull(token);
    }

    public String status(Workspace workspace) {
        return workspaces.require(workspace.id()).life().status();
    }

    @Override
    public void close() {
        notices.close();
        database.close();
    }
}
