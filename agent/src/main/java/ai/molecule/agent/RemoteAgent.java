package ai.molecule.agent;

import ai.molecule.agent.uplink.Addresses;
import ai.molecule.agent.uplink.Desk;
import ai.molecule.agent.uplink.Uplink;
import ai.molecule.protocol.DeliveryMode;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Network;
import ai.molecule.protocol.Registration;
import ai.molecule.protocol.UplinkFrame;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;

/// An agent in this process that joins an organisation over a connection of its own: no port, no tunnel.
///
/// It registers, stays connected for ever, beats, keeps its secrets up to date, and hands what it is told to an
/// [Engine]. Its token is kept in a directory; what it works on is soft.
///
/// ```java
/// var agent = RemoteAgent.joining(URI.create("https://molecule.example.com/"))
///         .enrolment(System.getenv("MOLECULE_ENROLMENT"))     // needed the first time only
///         .state(Path.of("/var/lib/my-agent"))
///         .start(new Engine() {
///             public String runtime() { return "shouting"; }
///             public String description() { return "Says it louder"; }
///             public void work(Message message, Work work) {
///                 work.write(message.text().toUpperCase(Locale.ROOT), true);
///                 work.complete();
///             }
///         });
/// agent.onSecrets(secrets -> System.out.println("I have " + secrets.keySet()));
/// System.exit(agent.awaitEnd());
/// ```
public final class RemoteAgent implements AutoCloseable {

    /// The variable from which commands take an enrolment; what they start does not get it.
    public static final String ENROLMENT = "MOLECULE_ENROLMENT";

    private final PlatformLine line;
    private final Secrets secrets;
    private final Pausing pausing;
    private final Uplink uplink;
    private final Thread thread;
    private final CompletableFuture<WorkspaceId> workspace = new CompletableFuture<>();
    private final CompletableFuture<Integer> end = new CompletableFuture<>();

    private RemoteAgent(Joiner joiner, StateDirectory home, Trained trained) throws IOException {
        this.line = trained.line();
        this.secrets = trained.secrets();
        this.pausing = new Pausing(line);
        this.uplink = new Uplink(
                line.platform(), line.client(), line::token, trained.trade().desk());
        uplink.onNotice(this::changed);
        var member = home.membership().filter(known -> known.platform().equals(line.platform()));
        var registration = new Registration(
                member.map(StateDirectory.Membership::workspace).orElse(null), "", trained.card(), DeliveryMode.UPLINK);
        var presence = new Presence(home, line, trained.trade().load(), trained.trade()::current);
        this.thread = Thread.ofPlatform()
                .daemon(joiner.daemon)
                .name("molecule-agent")
                .unstarted(() -> {
                    try {
                        end.complete(presence.run(registration, letIn -> joined(home, letIn), Optional.of(uplink)));
                    } catch (InterruptedException stopped) {
                        end.complete(0);
                    } catch (RuntimeException bug) {
                        end.completeExceptionally(bug);
                    }
                });
        thread.start();
    }

    private void changed(String what) {
        switch (what) {
            case UplinkFrame.Notice.SECRETS -> secrets.refresh();
            case UplinkFrame.Notice.STATE -> pausing.refresh();
            case String newer -> System.out.println("the platform tells of something unknown: " + newer);
        }
    }

    private void joined(StateDirectory home, Presence.LetIn letIn) {
        try {
            home.remember(new StateDirectory.Membership(line.platform(), letIn.workspace()));
        } catch (IOException full) {
            System.err.println("cannot remember where this agent joined: " + full);
        }
        secrets.refresh();
        pausing.refresh();
        workspace.complete(letIn.workspace());
    }

    /// Begins to join.
    ///
    /// @param platform the platform's address
    public static Joiner joining(URI platform) {
        return joining(new Addresses(List.of(platform)));
    }

    /// Begins to join a platform that is there at several addresses.
    public static Joiner joining(Addresses platform) {
        return new Joiner(platform);
    }

    /// What an agent is to do once it knows how it gets to its platform.
    interface Training {
        /// Makes its trade.
        ///
        /// @param state where it keeps what must outlive it
        Trade of(PlatformLine line, Secrets secrets, Path state);
    }

    /// What does the work.
    interface Trade {
        /// What answers calls.
        Desk desk();

        Load load();

        /// What it says of itself.
        ///
        /// @throws IOException when that cannot be told yet
        JsonNode card(String name) throws IOException, InterruptedException;

        /// What it says of itself now; the same as before for whoever never changes.
        JsonNode current();
    }

    private record Trained(PlatformLine line, Secrets secrets, Trade trade, JsonNode card) {}

    /// How an agent joins.
    public static final class Joiner {

        private final Addresses platform;
        private Path state = StateDirectory.usual();
        private String enrolment = "";
        private String name = "";
        private boolean daemon;

        private Joiner(Addresses platform) {
            this.platform = platform;
        }

        /// Where it keeps its token (`~/.molecule/agent`).
        public Joiner state(Path directory) {
            state = directory;
            return this;
        }

        /// What the platform gave for it; needed until it has a token of its own.
        public Joiner enrolment(String secret) {
            enrolment = secret;
            return this;
        }

        /// The name on its card.
        public Joiner named(String other) {
            name = other;
            return this;
        }

        /// Lets the process end although the agent goes on.
        public Joiner inBackground() {
            daemon = true;
            return this;
        }

        /// Joins, with an engine that does the work.
        ///
        /// @throws IOException when the state directory cannot be used, or has no token and none was given
        public RemoteAgent start(Engine engine) throws IOException, InterruptedException {
            return start((line, secrets, state) -> new OwnTrade(engine, line));
        }

        RemoteAgent start(Training training) throws IOException, InterruptedException {
            var home = new StateDirectory(state).made();
            if (!home.hasCredential()) {
                if (enrolment.isEmpty()) {
                    throw new IOException("expected an enrolment, because " + state + " holds no token yet");
                }
                home.keep(enrolment);
            }
            var line = new PlatformLine(platform, Network.of(System.getenv()));
            var secrets = new Secrets(line);
            var trade = training.of(line, secrets, home.path());
            return new RemoteAgent(this, home, new Trained(line, secrets, trade, card(trade)));
        }

        /// Waits until the agent can say who it is.
        private JsonNode card(Trade trade) throws InterruptedException {
            while (true) {
                try {
                    return trade.card(name);
                } catch (IOException notYet) {
                    System.out.println(notYet.getMessage() + "; trying again");
                    Thread.sleep(2000);
                }
            }
        }
    }

    /// The workspace it works for; waits until it was let in.
    public WorkspaceId workspace() throws InterruptedException {
        try {
            return workspace.get();
        } catch (ExecutionException impossible) {
            throw new IllegalStateException("Expected a workspace", impossible);
        }
    }

    /// Waits until it was let in.
    ///
    /// @return false when it was sent away instead
    boolean awaitJoined() throws InterruptedException {
        try {
            CompletableFuture.anyOf(workspace, end).get();
        } catch (ExecutionException bug) {
            throw new IllegalStateException("Expected an agent that goes on", bug.getCause());
        }
        return workspace.isDone();
    }

    /// The secrets of its workspace, fetched for sure.
    Map<String, String> requiredSecrets() throws IOException, InterruptedException {
        return secrets.required();
    }

    /// True while it is connected.
    public boolean connected() {
        return uplink.isOpen();
    }

    /// The secrets of its workspace, as they are now.
    public Map<String, String> secrets() {
        return secrets.values();
    }

    /// Is told of its secrets whenever they changed.
    public void onSecrets(Consumer<Map<String, String>> listener) {
        secrets.onChange(listener);
    }

    /// True while somebody has paused its workspace: no messages come.
    public boolean paused() {
        return pausing.paused();
    }

    /// Is told when somebody pauses its workspace (true), and lets it go on.
    public void onPaused(Consumer<Boolean> listener) {
        pausing.onChange(listener);
    }

    /// Sends a text to a peer, and waits for its answer.
    ///
    /// @throws IOException when the peer cannot be asked, or does not complete
    public String ask(WorkspaceId peer, String text) throws IOException, InterruptedException {
        return line.consult(peer, text, "");
    }

    /// Leaves for good, with what came of it: an ephemeral workspace goes, any other is offline.
    ///
    /// @param result a word, such as `success`
    /// @param exitCode what the work ended with
    /// @throws IOException when the platform cannot be told
    public void leave(String result, int exitCode) throws IOException, InterruptedException {
        line.leave(Json.object().put("result", result).put("exit_code", exitCode));
        close();
    }

    /// Waits until the platform sends it away.
    ///
    /// @return why: 0 when it was closed, 77 refused, 78 superseded, 79 removed
    public int awaitEnd() throws InterruptedException {
        try {
            return end.get();
        } catch (ExecutionException bug) {
            throw new IllegalStateException("Expected an agent that goes on", bug.getCause());
        }
    }

    /// Leaves. The workspace stays, and its mail waits.
    @Override
    public void close() {
        thread.interrupt();
        uplink.close();
    }
}
