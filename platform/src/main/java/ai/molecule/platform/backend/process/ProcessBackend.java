package ai.molecule.platform.backend.process;

import ai.molecule.platform.backend.AgentRuntime;
import ai.molecule.platform.backend.Backend;
import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.Interior;
import ai.molecule.platform.backend.News;
import ai.molecule.platform.backend.Running;
import ai.molecule.platform.backend.StartOrder;
import ai.molecule.platform.backend.Started;
import ai.molecule.protocol.WorkspaceId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs agents as child processes, each in `workspaces/<id>` below the data directory.
///
/// A child inherits nothing of the platform's environment. It dies with the platform: its standard input is a
/// pipe that ends when the platform does, however that ends; and what is left all the same (a child that
/// ignores its input) is found by its mark and stopped when the backend opens again. Soft: which children run
/// is known from the operating system, never from a file.
public final class ProcessBackend implements Backend {

    private static final Logger LOG = LoggerFactory.getLogger(ProcessBackend.class);
    private static final String CONFIGS = "configs";
    private static final String WORK = "workspace";
    private static final Duration GOODBYE = Duration.ofSeconds(5);

    private final Path directory;
    private final AgentProgram program;
    private final ChildMark mark;
    private final Map<WorkspaceId, Child> children = new ConcurrentHashMap<>();
    private volatile Consumer<News> listener = news -> {};

    private ProcessBackend(Path directory, AgentProgram program) {
        this.directory = directory;
        this.program = program;
        this.mark = new ChildMark(directory);
    }

    /// Opens the backend and stops what an earlier platform left running below the same directory.
    public static ProcessBackend open(Path dataDirectory, AgentProgram program) throws IOException {
        var directory =
                Files.createDirectories(dataDirectory.resolve("workspaces")).toRealPath();
        var backend = new ProcessBackend(directory, program);
        for (var orphan : backend.mark.find()) {
            LOG.warn(
                    "Stopping agent {} of workspace {}, left over from a platform that was killed",
                    orphan.process().pid(),
                    orphan.workspace());
            end(orphan.process());
        }
        return backend;
    }

    @Override
    public String name() {
        return "process";
    }

    @Override
    public boolean runs(AgentRuntime runtime) {
        return AgentProgram.RUNTIMES.contains(runtime.id());
    }

    @Override
    public void onNews(Consumer<News> heir) {
        listener = heir;
    }

    @Override
    public synchronized Started start(StartOrder order) throws BackendException {
        var running = children.get(order.workspace());
        if (running != null
                && running.generation() == order.generation()
                && running.process().isAlive()) {
            return running.started();
        }
        stop(order.workspace());
        try {
            var child = launch(order);
            children.put(order.workspace(), child);
            // Reading a pipe holds a virtual thread's carrier, of which there are 256 at most.
            Thread.ofPlatform()
                    .daemon()
                    .name("agent-" + child.process().pid())
                    .start(() -> attend(order.workspace(), child));
            return child.started();
        } catch (IOException failed) {
            throw new BackendException("Expected to start a process, but: " + failed.getMessage(), failed);
        }
    }

    @Override
    public void stop(WorkspaceId workspace) throws BackendException {
        var child = children.remove(workspace);
        if (child != null && !end(child.process().toHandle())) {
            throw new BackendException("Expected process " + child.process().pid() + " to end, but it does not");
        }
    }

    @Override
    public void purge(WorkspaceId workspace, boolean keepData) throws BackendException {
        stop(workspace);
        var home = home(workspace);
        if (!Files.exists(home)) {
            return;
        }
        var kept = keepData ? home.resolve(WORK) : home.resolve("/nothing");
        try (var files = Files.walk(home)) {
            for (var file : files.toList().reversed()) {
                if (!file.startsWith(kept) && !(keepData && file.equals(home))) {
                    Files.delete(file);
                }
            }
        } catch (IOException failed) {
            throw new BackendException("Expected to delete " + home + ", but: " + failed.getMessage(), failed);
        }
    }

    @Override
    public void sweep(Function<WorkspaceId, Claim> claims) throws BackendException {
        try (var homes = Files.list(directory)) {
            for (var home : homes.toList()) {
                var owner = WorkspaceId.parse(home.getFileName().toString());
                var claim = owner.map(claims).orElse(Claim.EVERYTHING);
                if (claim == Claim.NOTHING || (claim == Claim.DATA && Files.exists(home.resolve(CONFIGS)))) {
                    LOG.warn("Removing what is left in {}, which belongs to no workspace", home);
                    purge(owner.orElseThrow(), claim == Claim.DATA);
                }
            }
        } catch (IOException failed) {
            throw new BackendException("Expected to look into " + directory + ", but: " + failed.getMessage(), failed);
        }
    }

    @Override
    public List<Running> list() {
        var running = new ArrayList<Running>();
        children.forEach((workspace, child) -> {
            if (child.process().isAlive()) {
                running.add(new Running(
                        workspace, child.generation(), child.started().handle()));
            }
        });
        return running;
    }

    @Override
    public List<String> logTail(WorkspaceId workspace, int lines) {
        return log(workspace).tail(lines);
    }

    @Override
    public Interior interior() {
        return new ProcessInterior(this::home, workspace -> {
            var child = children.get(workspace);
            return child == null
                    ? Optional.empty()
                    : Optional.of(child.process().toHandle());
        });
    }

    @Override
    public void close() {
        var last = List.copyOf(children.values());
        children.clear();
        last.forEach(child -> child.process().destroy());
        last.forEach(child -> end(child.process().toHandle()));
    }

    /// Lets go of the children's standard inputs, as the kernel does when the platform is killed.
    void dropLifelines() throws IOException {
        for (var child : children.values()) {
            child.process().getOutputStream().close();
        }
    }

    private Child launch(StartOrder order) throws IOException {
        var home = home(order.workspace());
        var configs = privateDirectory(home.resolve(CONFIGS));
        var work = privateDirectory(home.resolve(WORK));
        var credential = configs.resolve(".auth_token");
        Files.deleteIfExists(credential);
        Files.createFile(
                credential, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(credential, order.enrolment());
        var port = freePort();
        var builder = new ProcessBuilder(OsLimits.wrap(program.command(order.size())))
                .directory(work.toFile())
                .redirectErrorStream(true);
        var environment = builder.environment();
        environment.clear();
        environment.put("AGENT_TOOLS", "files,shell,mcp");
        environment.putAll(order.secrets());
        environment.put(
                "MOLECULE_SECRETS",
                String.join(",", new TreeSet<>(order.secrets().keySet())));
        environment.put("WORKSPACE_DIR", work.toString());
        environment.put("PATH", "/usr/local/bin:/usr/bin:/bin");
        environment.put("HOME", work.toString());
        environment.put("LANG", "C.UTF-8");
        environment.put("WORKSPACE_ID", order.workspace().toString());
        environment.put("WORKSPACE_CONFIG_PATH", configs.toString());
        environment.put("PLATFORM_URL", order.platformUrl().toString());
        environment.put("RUNTIME", order.runtime().id());
        environment.put("HOST", "127.0.0.1");
        environment.put("PORT", String.valueOf(port));
        environment.put("LIFELINE", "stdin");
        mark.put(environment, order.workspace(), order.generation());
        var process = builder.start();
        var started = new Started("pid:" + process.pid(), URI.create("http://127.0.0.1:" + port + "/"));
        return new Child(process, order.generation(), started);
    }

    /// Copies the child's output and, once it ends without an order, tells the heir at once.
    private void attend(WorkspaceId workspace, Child child) {
        try {
            log(workspace).pump(child.process().getInputStream());
        } catch (IOException broken) {
            LOG.debug("The output of {} broke off", child.started().handle(), broken);
        }
        var code = child.process().onExit().join().exitValue();
        if (children.remove(workspace, child)) {
            var last = log(workspace).tail(1);
            var how = "exited with code " + code + (last.isEmpty() ? "" : "; last line: " + last.getFirst());
            listener.accept(new News.Death(workspace, child.generation(), how));
        }
    }

    private static boolean end(ProcessHandle process) {
        var descendants = process.descendants().toList();
        process.destroy();
        if (!gone(process)) {
            process.destroyForcibly();
        }
        descendants.forEach(ProcessHandle::destroyForcibly);
        return gone(process);
    }

    private static boolean gone(ProcessHandle process) {
        try {
            process.onExit().get(GOODBYE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException late) {
            LOG.debug("Process {} takes its time to end", process.pid());
        }
        return !process.isAlive();
    }

    private Path home(WorkspaceId workspace) {
        return directory.resolve(workspace.toString());
    }

    private BoundedLog log(WorkspaceId workspace) {
        return ProcessInterior.log(home(workspace));
    }

    private static Path privateDirectory(Path path) throws IOException {
        return Files.createDirectories(
                path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private record Child(Process process, long generation, Started started) {}
}
