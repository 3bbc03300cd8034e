package ai.molecule.agent.cli;

import ai.molecule.agent.Decision;
import ai.molecule.agent.Engine;
import ai.molecule.agent.Self;
import ai.molecule.agent.Shelf;
import ai.molecule.agent.Surroundings;
import ai.molecule.agent.Tools;
import ai.molecule.agent.Turns;
import ai.molecule.agent.Work;
import ai.molecule.agent.workbench.Workbench;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Message;
import ai.molecule.protocol.Skill;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Runs a program of somebody else's for each message ([Cli]), headless. Each context has a session of its own, which
/// outlives this process. What the program may do besides talking it finds at a [ToolServer]; it works in the
/// workspace's directory, with nothing of whoever owns the machine.
public final class CliEngine implements Engine {

    private static final int PATIENCE_SECONDS = 3600;

    /// What a program takes beside this one, about: one that finds no room is not started yet.
    private static final long PROGRAM_BYTES = 256L * 1024 * 1024;

    private static final int PROGRAMS_MAX = 8;

    /// A message by which nobody says anything.
    private static final Message NOTHING = new Message("approval none", null, null, true, List.of());

    private final Cli cli;
    private final Surroundings surroundings;
    private final Map<String, String> environment;
    private final Path root;
    private final Path state;
    private final Tools tools;
    private final Shelf sessions;
    private final Shelf waiting;
    private final Turns turns = new Turns();
    private boolean tidy;
    private final Semaphore room =
            new Semaphore(Math.clamp(Runtime.getRuntime().maxMemory() / PROGRAM_BYTES, 1, PROGRAMS_MAX), true);

    /// The engine for one of the runtimes that are programs.
    ///
    /// @param environment what whoever runs the agent has set: what runs here is theirs to say
    /// @param state where its sessions are kept, and what waits for people
    /// @throws IllegalArgumentException when it is none of them
    public static CliEngine of(
            String runtime, Surroundings surroundings, Map<String, String> environment, Path state, Tools tools) {
        var cli = Stream.of(new Claude(), new Gemini(), new Codex(), AnyCommand.configured())
                .filter(one -> one.runtime().equals(runtime))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no program for " + runtime));
        return new CliEngine(cli, surroundings, environment, state, tools);
    }

    /// The engine for a command of whoever runs the agent, which is run as they would run it.
    ///
    /// @param environment theirs
    /// @param state where its sessions are kept, and what waits for people
    public static CliEngine command(
            List<String> command, Surroundings surroundings, Map<String, String> environment, Path state, Tools tools) {
        return new CliEngine(AnyCommand.given(command), surroundings, environment, state, tools);
    }

    CliEngine(Cli cli, Surroundings surroundings, Map<String, String> environment, Path state, Tools tools) {
        this.cli = cli;
        this.environment = Map.copyOf(environment);
        this.surroundings = surroundings;
        this.root = state;
        this.state = state.resolve(cli.name());
        this.tools = tools;
        this.sessions = new Shelf(this.state.resolve("sessions"));
        this.waiting = new Shelf(this.state.resolve("waiting"));
    }

    @Override
    public String runtime() {
        return cli.runtime();
    }

    @Override
    public String description() {
        return cli.description();
    }

    @Override
    public List<Skill> skills() {
        return surroundings.skills(runtime());
    }

    @Override
    public String trouble() {
        if (surroundings.self().equals(Self.UNKNOWN)) {
            // What is not known yet is not missing.
            return "";
        }
        try {
            ready();
            return Stream.of(surroundings.missing(), tools.trouble())
                    .filter(one -> !one.isEmpty())
                    .collect(Collectors.joining("; "));
        } catch (IllegalArgumentException missing) {
            return String.valueOf(missing.getMessage()).replace("\n", "; ");
        }
    }

    private Cli.Ready ready() {
        return cli.ready(new Cli.Given(
                surroundings.model(),
                environment,
                surroundings.values(),
                surroundings.secrets(),
                surroundings.configuration(),
                Workbench.directory(environment, root)));
    }

    @Override
    public boolean waits(String taskId, String contextId) {
        return waiting.has(taskId);
    }

    @Override
    public void work(Message message, Work work) throws Exception {
        var context = String.valueOf(message.contextId());
        var task = String.valueOf(message.taskId());
        turns.one(context, () -> {
            try {
                var asked = waiting.of(task);
                if (asked.isEmpty()) {
                    turn(context, task, message.text(), work);
                } else {
                    goOn(context, task, Waiting.read(asked.get()), message, work);
                }
            } catch (IllegalArgumentException missing) {
                work.fail(String.valueOf(missing.getMessage()));
            }
        });
    }

    /// What a task waits for.
    ///
    /// @param asked what people were asked, by the ids of the approvals
    /// @param heard what its caller said meanwhile
    private record Waiting(Map<String, String> asked, List<String> heard) {

        static Waiting read(String text) {
            var json = Json.trusted(text);
            var heard = new ArrayList<String>();
            json.path("heard").forEach(one -> heard.add(one.asText()));
            return new Waiting(Json.texts(json.path("asked").asText()), heard);
        }

        String written() {
            var json = Json.object().put("asked", Json.texts(asked));
            heard.forEach(json.putArray("heard")::add);
            return Json.text(json);
        }
    }

    /// Goes on once people have decided all that they were asked.
    private void goOn(String context, String task, Waiting waits, Message message, Work work)
            throws IOException, InterruptedException {
        var heard = new ArrayList<>(waits.heard());
        if (!Decision.tells(message)) {
            heard.add(message.text());
        }
        var open = new HashMap<String, String>();
        var told = new ArrayList<String>();
        for (var asked : waits.asked().entrySet()) {
            tools.decided(asked.getKey())
                    .ifPresentOrElse(
                            decision -> told.add("A person was asked whether you may \"" + asked.getValue()
                                    + "\", and this came of it: " + decision),
                            () -> open.put(asked.getKey(), asked.getValue()));
        }
        if (!open.isEmpty()) {
            waiting.keep(task, new Waiting(waits.asked(), heard).written());
            work.ask(Decision.awaited(open.values()));
            return;
        }
        told.addAll(heard);
        turn(context, task, String.join("\n\n", told), work);
    }

    private void turn(String context, String task, String text, Work work) throws IOException, InterruptedException {
        var ready = ready();
        var session = sessions.of(context).orElse("");
        var told = ask(ready, context, session, text, work);
        if (told.sessionLost() && !session.isEmpty()) {
            work.say("its session is gone; it begins anew");
            told = ask(ready, context, "", text, work);
        }
        // Only now: a turn that is begun anew after a crash begins from the same place.
        if (!told.session().isEmpty()) {
            sessions.keep(context, told.session());
        }
        if (!told.asked().isEmpty()) {
            var waits = new Waiting(told.asked(), List.of());
            waiting.keep(task, waits.written());
            // Whoever was quick has decided already, and need not tell again.
            goOn(context, task, waits, NOTHING, work);
        } else if (!told.problem().isEmpty()) {
            waiting.forget(task);
            work.fail(told.problem());
        } else {
            waiting.forget(task);
            work.complete();
        }
    }

    /// What a life before this one left is nobody's.
    private synchronized void tidy(Path home) throws IOException {
        if (!tidy) {
            Scratch.clear(home);
            tidy = true;
        }
    }

    private Hearing.Told ask(Cli.Ready ready, String context, String session, String text, Work work)
            throws IOException, InterruptedException {
        var home = Files.createDirectories(state.resolve("home"));
        tidy(home);
        if (!room.tryAcquire()) {
            work.say("waits until another turn is over");
            room.acquire();
        }
        try (var offered = ToolServer.open(tools, ready.ownTools(), work.course());
                var scratch = Scratch.below(home)) {
            return new CliRun(cli, ready, patience(), work)
                    .ask(new Cli.Question(
                            text,
                            surroundings.instructions(runtime()),
                            session,
                            UUID.nameUUIDFromBytes(context.getBytes(StandardCharsets.UTF_8))
                                    .toString(),
                            offered,
                            home,
                            scratch));
        } finally {
            room.release();
        }
    }

    /// How long a turn may take.
    private Duration patience() {
        var seconds = surroundings.configuration().settings().at("/runtime_config/timeout");
        return Duration.ofSeconds(Math.clamp(seconds.asLong(PATIENCE_SECONDS), 1, PATIENCE_SECONDS));
    }
}
