package ai.molecule.platform;

import ai.molecule.platform.a2a.AgentLine;
import ai.molecule.platform.a2a.Asking;
import ai.molecule.platform.a2a.Awakening;
import ai.molecule.platform.a2a.Cards;
import ai.molecule.platform.a2a.Courses;
import ai.molecule.platform.a2a.Deadlines;
import ai.molecule.platform.a2a.Deliveries;
import ai.molecule.platform.a2a.Inbox;
import ai.molecule.platform.a2a.Means;
import ai.molecule.platform.a2a.Overspent;
import ai.molecule.platform.a2a.PushRelay;
import ai.molecule.platform.a2a.Pushes;
import ai.molecule.platform.a2a.Resending;
import ai.molecule.platform.a2a.Sending;
import ai.molecule.platform.a2a.Sleep;
import ai.molecule.platform.a2a.Switchboard;
import ai.molecule.platform.a2a.Telling;
import ai.molecule.platform.access.Access;
import ai.molecule.platform.access.Hierarchy;
import ai.molecule.platform.access.Keys;
import ai.molecule.platform.admission.Admission;
import ai.molecule.platform.approval.Approvals;
import ai.molecule.platform.backend.Backend;
import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.configuration.Configurations;
import ai.molecule.platform.edge.A2aRoutes;
import ai.molecule.platform.edge.ActivityJson;
import ai.molecule.platform.edge.ActivityRoutes;
import ai.molecule.platform.edge.ApprovalRoutes;
import ai.molecule.platform.edge.CardRoutes;
import ai.molecule.platform.edge.ConfigurationRoutes;
import ai.molecule.platform.edge.DelegationRoutes;
import ai.molecule.platform.edge.Edge;
import ai.molecule.platform.edge.EventSocket;
import ai.molecule.platform.edge.Gate;
import ai.molecule.platform.edge.HealthRoutes;
import ai.molecule.platform.edge.InboxRoutes;
import ai.molecule.platform.edge.InteriorRoutes;
import ai.molecule.platform.edge.JoinRoutes;
import ai.molecule.platform.edge.JournalRoutes;
import ai.molecule.platform.edge.Limits;
import ai.molecule.platform.edge.McpRoutes;
import ai.molecule.platform.edge.MemoryRoutes;
import ai.molecule.platform.edge.RateLimit;
import ai.molecule.platform.edge.Refusals;
import ai.molecule.platform.edge.RegistryRoutes;
import ai.molecule.platform.edge.Route;
import ai.molecule.platform.edge.RuntimeRoutes;
import ai.molecule.platform.edge.SecretRoutes;
import ai.molecule.platform.edge.SignInRoutes;
import ai.molecule.platform.edge.SpendingRoutes;
import ai.molecule.platform.edge.TaskRoutes;
import ai.molecule.platform.edge.TerminalSocket;
import ai.molecule.platform.edge.TokenRoutes;
import ai.molecule.platform.edge.Toolbox;
import ai.molecule.platform.edge.UplinkRoutes;
import ai.molecule.platform.edge.UplinkSocket;
import ai.molecule.platform.edge.WorkspaceRoutes;
import ai.molecule.platform.journal.Journal;
import ai.molecule.platform.ledger.Activity;
import ai.molecule.platform.ledger.Board;
import ai.molecule.platform.ledger.Ledger;
import ai.molecule.platform.ledger.Retention;
import ai.molecule.platform.live.Feed;
import ai.molecule.platform.memory.Meaning;
import ai.molecule.platform.memory.Memories;
import ai.molecule.platform.registry.Heartbeats;
import ai.molecule.platform.registry.Peers;
import ai.molecule.platform.registry.Registry;
import ai.molecule.platform.registry.Routes;
import ai.molecule.platform.registry.Silence;
import ai.molecule.platform.registry.UrlGuard;
import ai.molecule.platform.secret.Secrets;
import ai.molecule.platform.spending.Spending;
import ai.molecule.platform.store.Database;
import ai.molecule.platform.store.EmbeddedPostgres;
import ai.molecule.platform.store.LeaderLock;
import ai.molecule.platform.store.Loop;
import ai.molecule.platform.store.Notices;
import ai.molecule.platform.store.PlatformId;
import ai.molecule.platform.store.PostgresAddress;
import ai.molecule.platform.uplink.Polls;
import ai.molecule.platform.uplink.Uplinks;
import ai.molecule.platform.workspace.Deaths;
import ai.molecule.platform.workspace.Interiors;
import ai.molecule.platform.workspace.Lives;
import ai.molecule.platform.workspace.Offer;
import ai.molecule.platform.workspace.Provisioner;
import ai.molecule.platform.workspace.Removals;
import ai.molecule.platform.workspace.Runtimes;
import ai.molecule.platform.workspace.Spares;
import ai.molecule.platform.workspace.Workspaces;
import ai.molecule.protocol.UplinkFrame;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The floor plan: what is built from what, in order: store, rooms, edge, loops. Closed in the opposite order.
final class House implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(House.class);
    private static final Duration RENEWAL_PACE = Duration.ofSeconds(15);
    private static final Duration WATCH_PACE = Duration.ofMillis(500);
    private static final Duration PUSH_PACE = Duration.ofMillis(500);
    private static final Duration REST_PACE = Duration.ofSeconds(5);
    private static final Duration RETENTION_PACE = Duration.ofHours(1);
    private static final Duration TOKEN_PACE = Duration.ofSeconds(10);
    private static final Duration FLUSH_PACE = Duration.ofSeconds(1);
    private static final Duration LOOK_PACE = Duration.ofSeconds(1);
    private static final Duration SETTLE_PACE = Duration.ofMillis(500);
    private static final Duration SWEEP_PACE = Duration.ofSeconds(30);
    private static final long SETTLE_LOCK = 7302;

    private final Deque<AutoCloseable> open;
    private final AtomicReference<URI> platformUrl = new AtomicReference<>();
    private final Access access;
    private final String adminToken;
    private final String backendShown;
    private final int port;
    private final List<Route> routes = new ArrayList<>();

    /// What tests turn: time, the limits of a request, and what mailboxes hold.
    record Knobs(InstantSource clock, Limits limits) {
        static final Knobs REAL = new Knobs(InstantSource.system(), Limits.DEFAULT);
    }

    /// Builds the house and opens its door.
    ///
    /// @param agentJar the agent that the process backend runs
    static House build(Settings settings, Path agentJar, Knobs knobs)
            throws IOException, DataDirectory.InUseException, BackendException, Settings.BadSettingsException {
        var directory = DataDirectory.open(settings.dataDirectory());
        var opened = new ArrayDeque<AutoCloseable>();
        opened.push(directory);
        try {
            return new House(settings, directory, agentJar, knobs, opened);
        } catch (IOException | BackendException | Settings.BadSettingsException | RuntimeException failed) {
            closeAll(opened);
            throw failed;
        }
    }

    private House(Settings settings, DataDirectory directory, Path agentJar, Knobs knobs, Deque<AutoCloseable> opened)
            throws IOException, BackendException, Settings.BadSettingsException {
        open = opened;
        var clock = knobs.clock();

        // store
        var database = keep(Database.open(postgres(settings, directory)));
        var notices = new Notices(database);

        // rooms
        adminToken = settings.adminToken().isPresent() ? settings.adminToken().get() : directory.secret("admin-token");
        var encryptionKey = settings.encryptionKey().isPresent()
                ? settings.encryptionKey().get()
                : directory.secret("encryption-key");
        var keys = new Keys(encryptionKey);
        var journal = new Journal(database, clock);
        var secrets = new Secrets(database, encryptionKey, journal, clock);
        checkKey(secrets);
        access = new Access(database, adminToken, clock);
        var hierarchy = new Hierarchy(database);
        Supplier<URI> url = platformUrl::get;
        var containers = settings.containers();
        var backends = new Backends(containers, directory.path(), agentJar, PlatformId.of(database), opened);
        backendShown = backends.shown();
        var runtimes = new Runtimes(containers.runtimes(), journal, database, clock);
        var offer = new Offer(containers.allowed(), runtimes, backends.all(), containers.rules());
        var lives = new Lives(database, journal);
        Function<Backend, URI> urlForAgents = backend -> backends.platformUrl(backend, url.get());
        var surroundings =
                new Provisioner.Surroundings(backends.all(), runtimes, urlForAgents, Configurations.reader(database));
        var spares = keep(new Spares(containers.warmPool().at(backends.standard()), surroundings, clock));
        var workspaces = new Workspaces(lives, journal, offer, spares, access, secrets, database, clock);
        var deaths = new Deaths(lives, secrets, database, clock);
        var provisioner = new Provisioner(lives, deaths, access, secrets, surroundings, spares, clock);
        var agentUrls = new UrlGuard(
                settings.allowedAgentCidrs(), "ALLOWED_AGENT_CIDRS", settings.httpAgents(), settings.network());
        var webhookUrls =
                new UrlGuard(settings.allowedWebhookCidrs(), "ALLOWED_WEBHOOK_CIDRS", true, settings.network());
        var registry = new Registry(lives, access, keys, agentUrls, database, clock);
        var admission = new Admission(
                new Admission.Rooms(workspaces, registry, access, secrets, journal),
                keep(settings.network().client()),
                database,
                clock);
        var heartbeats = new Heartbeats(lives, journal, access, database, clock);
        var silence = new Silence(lives, database, clock);
        var cards = new Cards(workspaces, url);
        var ledger = keep(new Ledger(database, settings.mailbox(), clock));
        var ownAddress = new CompletableFuture<URI>();
        var uplinks = new Uplinks(lives, access, heartbeats, database, ownAddress::join, clock);
        var line = keep(new AgentLine(AgentLine.Patience.DEFAULT, uplinks, agentUrls, settings.network()));
        var ways = new Routes(database, agentUrls, keys);
        var awakening = new Awakening(ways, line, registry);
        var means = new Means(ledger, ways, line, clock);
        var deliveries = keep(new Deliveries(means));
        var asking = new Asking(means, deliveries);
        var sleep = new Sleep(workspaces, ledger, settings.idle(), clock);
        var pushes = new Pushes(database, asking, webhookUrls, clock);
        var pushRelay = keep(new PushRelay(database, ledger, webhookUrls, settings.network(), clock));
        var courses = new Courses(ledger);
        var spending = new Spending(workspaces, journal, database, clock);
        var sending = new Sending(workspaces, ledger, asking, deliveries, pushes, courses, spending, clock);
        var switchboard = new Switchboard(workspaces, hierarchy, cards, sending, asking, pushes);
        var interiors = new Interiors(workspaces, backends.all(), journal, database);
        var board = new Board(database, clock);
        var activity = new Activity(database, journal, clock);
        var telling = new Telling(sending);
        var approvals =
                new Approvals(workspaces, ledger, telling, secrets, journal, database, settings.approvals(), clock);
        var meaning = new Meaning(directory.path().resolve("native"));
        var memories = new Memories(workspaces, secrets, meaning, journal, database, clock);
        var configurations = new Configurations(workspaces, journal, database, clock);
        var feed = new Feed(journal, workspaces, board, database, clock);

        var leader = keep(new LeaderLock(database, SETTLE_LOCK));
        var settle = new Settling(leader, provisioner, spares);
        settle.lead();

        // edge
        var meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        var gate = new Gate(access);
        var refusals = new Refusals(clock);
        routes.addAll(new HealthRoutes(database, feed, meters).routes());
        routes.addAll(new SignInRoutes(access, url).routes());
        var tokens = new TokenRoutes(workspaces, access, url);
        routes.addAll(tokens.routes());
        routes.addAll(new WorkspaceRoutes(workspaces, hierarchy, tokens, cards, sleep, backends.standard()).routes());
        routes.addAll(new JoinRoutes(admission, url, refusals, clock).routes());
        routes.addAll(
                new RegistryRoutes(registry, heartbeats, new Peers(database), workspaces, hierarchy, cards).routes());
        routes.addAll(new A2aRoutes(switchboard, clock).routes());
        var polls = new Polls(uplinks);
        var inbox = new Inbox(ledger, clock);
        routes.addAll(new InboxRoutes(inbox, heartbeats).routes());
        routes.addAll(new UplinkRoutes(uplinks, polls, keys, access).routes());
        routes.addAll(new CardRoutes(cards, hierarchy).routes());
        routes.addAll(new DelegationRoutes(switchboard, board, asking, activity, clock).routes());
        routes.addAll(
                new ActivityRoutes(activity, inbox, workspaces, new ActivityJson(workspaces, url), clock).routes());
        routes.addAll(new McpRoutes(new Toolbox(
                        workspaces,
                        new Peers(database),
                        cards,
                        switchboard,
                        board,
                        asking,
                        approvals,
                        memories,
                        courses,
                        activity))
                .routes());
        routes.addAll(new ApprovalRoutes(approvals, workspaces, courses).routes());
        routes.addAll(new MemoryRoutes(memories, courses).routes());
        routes.addAll(new SpendingRoutes(spending).routes());
        routes.addAll(new ConfigurationRoutes(configurations).routes());
        routes.addAll(new SecretRoutes(secrets, workspaces).routes());
        routes.addAll(new RuntimeRoutes(runtimes, offer, backends.standard()).routes());
        routes.addAll(new InteriorRoutes(interiors, gate).routes());
        routes.addAll(
                new TaskRoutes(board, asking, new Resending(ledger, deliveries, clock), pushes, spending).routes());
        routes.addAll(new JournalRoutes(journal).routes());
        var edge = keep(Edge.open(
                new Edge.Listening(
                        settings.host(),
                        settings.port(),
                        backends.agentsAddress(settings.host()),
                        settings.corsOrigins()),
                new Edge.Guard(gate, knobs.limits(), new RateLimit(settings.rateLimit(), clock), refusals),
                routes,
                Map.of(
                        EventSocket.PATH,
                        () -> new EventSocket(feed, gate, hierarchy),
                        UplinkSocket.PATH,
                        () -> new UplinkSocket(uplinks, gate, access),
                        TerminalSocket.PATH,
                        () -> new TerminalSocket(interiors, gate)),
                meters));
        // Agents hear that we stop before the door closes.
        keep(uplinks);
        port = edge.port();
        ownAddress.complete(
                settings.processUrl().orElse(URI.create("http://" + reachable(settings.host()) + ":" + port + "/")));
        platformUrl.set(
                settings.platformUrl().orElse(URI.create("http://" + reachable(settings.host()) + ":" + port + "/")));
        backends.listening(edge.agentsPort() > 0 ? edge.agentsPort() : port, settings.platformUrl());
        directory.announce(platformUrl.get().toString());

        // loops
        var settling = new Loop("settle", SETTLE_PACE, settle);
        backends.all().values().forEach(backend -> deaths.attend(backend, spares, settling::wake));
        access.listen(notices);
        uplinks.listen(notices);
        notices.on(Secrets.CHANNEL, changed -> uplinks.notice(changed, UplinkFrame.Notice.SECRETS));
        notices.on(Lives.CHANNEL, uplinks::paused);
        feed.listen(notices);
        notices.on(Journal.CHANNEL, any -> settling.wake());
        var mail = new Loop("mail", LOOK_PACE, deliveries::round);
        deliveries.onNeed(mail::wake);
        notices.on(Journal.CHANNEL, any -> deliveries.look(""));
        var waking = new Loop("waking", LOOK_PACE, sleep::wake);
        var overspent = new Loop("overspent", LOOK_PACE, new Overspent(ledger, asking, spending)::round);
        notices.on(Spending.CHANNEL, any -> overspent.wake());
        notices.on(Ledger.CHANNEL, deliveries::look);
        notices.on(Ledger.CHANNEL, inbox::look);
        notices.on(Ledger.CHANNEL, any -> waking.wake());
        keep(notices).start();
        keep(settling).start();
        keep(new Loop("sweep", SWEEP_PACE, settle::sweep)).start();
        keep(new Loop("warm-pool", SETTLE_PACE, settle::prepare)).start();
        keep(mail).start();
        keep(waking).start();
        var awakenings = new Loop("awakenings", LOOK_PACE, awakening::round);
        provisioner.onResumed(awakenings::wake);
        keep(awakenings).start();
        keep(new Loop("rest", REST_PACE, sleep::rest)).start();
        keep(new Loop("orphaned-mail", LOOK_PACE, deliveries::keep)).start();
        keep(new Loop("leases", RENEWAL_PACE, deliveries::renew)).start();
        keep(new Loop("deadlines", LOOK_PACE, new Deadlines(ledger, asking, clock)::round))
                .start();
        var retention = new Retention(database, settings.retention(), clock);
        keep(new Loop("retention", RETENTION_PACE, () -> {
                    retention.round();
                    approvals.removeDecided(clock.instant().minus(settings.retention()));
                    memories.tidy();
                    configurations.tidy();
                }))
                .start();
        keep(new Loop("watched-tasks", WATCH_PACE, ledger::look)).start();
        keep(new Loop("approvals", LOOK_PACE, approvals::round)).start();
        keep(new Loop("spending", LOOK_PACE, spending::round)).start();
        keep(overspent).start();
        keep(new Loop("memories", LOOK_PACE, memories::round)).start();
        keep(new Loop("traffic", LOOK_PACE, feed::lookAtTraffic)).start();
        uplinks.onOpen(workspace -> deliveries.look(workspace.toString()));
        keep(new Loop("uplinks", WATCH_PACE, () -> {
                    uplinks.look();
                    polls.look();
                }))
                .start();
        keep(new Loop("pushes", PUSH_PACE, pushRelay::round)).start();
        keep(new Loop("token-use", TOKEN_PACE, access::noteUse)).start();
        keep(new Loop("silence", LOOK_PACE, silence::look)).start();
        keep(new Loop("removals", LOOK_PACE, new Removals(lives, access, database, clock)::round))
                .start();
        keep(new Loop("heartbeats", FLUSH_PACE, heartbeats::flush)).start();
    }

    private static void checkKey(Secrets secrets) throws Settings.BadSettingsException {
        try {
            secrets.checkKey();
        } catch (Secrets.WrongKeyException wrong) {
            throw new Settings.BadSettingsException(List.of(String.valueOf(wrong.getMessage())));
        }
    }

    int port() {
        return port;
    }

    URI url() {
        return platformUrl.get();
    }

    /// Where agents run by default, and why, in a line.
    String backendShown() {
        return backendShown;
    }

    String adminToken() {
        return adminToken;
    }

    /// A link that signs one person in.
    URI signInLink() {
        return url().resolve("/signin?code=" + access.newSignInLink().reveal());
    }

    /// Every route there is, for the test that compares them with `docs/openapi.yaml`.
    List<Route> routes() {
        return List.copyOf(routes);
    }

    @Override
    public void close() {
        closeAll(open);
    }

    private PostgresAddress postgres(Settings settings, DataDirectory directory) throws IOException {
        return settings.database().isPresent()
                ? settings.database().get()
                : keep(EmbeddedPostgres.start(directory.postgres())).address();
    }

    private <T extends AutoCloseable> T keep(T part) {
        open.push(part);
        return part;
    }

    private static String reachable(String host) {
        return host.equals("0.0.0.0") || host.equals("::") ? "localhost" : host.contains(":") ? "[" + host + "]" : host;
    }

    private static void closeAll(Deque<AutoCloseable> parts) {
        while (!parts.isEmpty()) {
            try {
                parts.pop().close();
            } catch (Exception failed) {
                LOG.warn("Closing a part of the house failed; the others follow", failed);
            }
        }
    }
}
