package ai.molecule.fly;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Machines that are processes of this machine, each with a root of its own, as Linux' namespaces give it.
///
/// A root is this machine's, read only, with the machine's own files over it: those of its configuration, its
/// volumes and everything else at its top that this machine has not. It sees no process but its own. Suspended
/// is stopped by SIGSTOP. The network is this machine's: every machine listens at an address of its own.
final class Processes implements Runner {

    private static final int LOG_LINES_MAX = 2000;
    private static final Duration BOOT_LOOK = Duration.ofMillis(2);

    /// Makes the root and runs the command in it, itself being the first process, as Fly's own is. Arguments:
    /// root, hosts file, then `path=directory` for every volume, `--`, the command.
    private static final String ENTER = """
            set -e
            root=$1; hosts=$2; shift 2
            for top in /*; do
              name=${top#/}
              if [ -L "$top" ]; then
                [ -e "$root$top" ] || cp -P "$top" "$root$top"
              elif [ "$name" = proc ]; then
                mkdir -p "$root/proc"
              elif [ -d "$top" ] && [ ! -e "$root$top" ]; then
                mkdir "$root$top"
                mount --rbind "$top" "$root$top"
                case $name in dev | sys | tmp | run) ;; *) mount -o remount,bind,ro "$root$top" 2>/dev/null || true ;; esac
              fi
            done
            mount -t proc proc "$root/proc"
            mount --bind "$hosts" "$root/etc/hosts"
            while [ "$1" != -- ]; do
              mkdir -p "$root${1%%=*}"
              mount --bind "${1#*=}" "$root${1%%=*}"
              shift
            done
            shift
            chroot "$root" "$@" &
            : > "$hosts.entered"
            wait $!
            exit $?
            """;

    private final List<String> command;
    private final Path directory;
    private final boolean root;
    private final Map<String, Guest> guests = new ConcurrentHashMap<>();
    private final Map<String, Deque<String>> logs = new ConcurrentHashMap<>();

    private record Guest(Process process, Path root, Deque<Exit> fate) {
        /// The process of its command, as this machine counts it.
        Optional<ProcessHandle> inner() {
            return process.children().flatMap(ProcessHandle::children).findFirst();
        }
    }

    private Processes(FlyEmulator.Program program, boolean root) {
        this.command = program.command();
        this.directory = program.directory();
        this.root = root;
    }

    /// @throws IOException when this machine lets nobody make namespaces
    static Processes open(FlyEmulator.Program program) throws IOException {
        Files.createDirectories(program.directory());
        var root = "root".equals(System.getProperty("user.name"));
        var processes = new Processes(program, root);
        var tried = new ProcessBuilder(Stream.concat(processes.unshare().stream(), Stream.of("true"))
                        .toList())
                .redirectErrorStream(true)
                .start();
        var said = new String(tried.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        if (!ended(tried, Duration.ofSeconds(10)) || tried.exitValue() != 0) {
            throw new IOException("machines cannot run as processes here, for want of Linux namespaces: " + said);
        }
        return processes;
    }

    private List<String> unshare() {
        var words = new ArrayList<>(List.of("unshare", "--mount", "--pid", "--fork", "--kill-child"));
        if (!root) {
            words.addAll(List.of("--user", "--map-root-user"));
        }
        return words;
    }

    @Override
    public void boot(Boot boot, Consumer<Exit> ended) throws IOException {
        // One whose snapshot is lost is still there.
        stop(boot.machine(), "SIGKILL", Duration.ZERO);
        var home = Files.createDirectories(directory.resolve("machines").resolve(boot.machine()));
        var top = Files.createTempDirectory(home, "root-");
        for (var file : boot.files()) {
            place(top, file);
        }
        Files.createDirectories(top.resolve("workspace"));
        Files.createDirectories(top.resolve("configs"));
        var hosts = Files.writeString(
                home.resolve("hosts"),
                "127.0.0.1 localhost\n::1 localhost\n" + boot.address() + " fly-local-6pn " + boot.machine() + "\n");
        var words = new ArrayList<>(unshare());
        words.addAll(List.of("sh", "-c", ENTER, "enter", top.toString(), hosts.toString()));
        for (var volume : boot.volumes().entrySet()) {
            words.add(volume.getKey() + "=" + Files.createDirectories(volume(volume.getValue())));
        }
        words.add("--");
        words.addAll(boot.command().isEmpty() ? command : boot.command());
        var builder = new ProcessBuilder(words).redirectErrorStream(true);
        var environment = builder.environment();
        environment.clear();
        environment.put("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        environment.put("HOME", "/root");
        environment.put("LANG", "C.UTF-8");
        environment.putAll(boot.environment());
        // All share one network here, so that "every address" means its own.
        environment.computeIfPresent(
                "HOST", (name, value) -> Set.of("::", "[::]", "0.0.0.0").contains(value) ? boot.address() : value);
        Files.deleteIfExists(entered(hosts));
        var process = builder.start();
        var guest = new Guest(process, top, new ArrayDeque<>());
        guests.put(boot.machine(), guest);
        var log = logs.computeIfAbsent(boot.machine(), any -> new ArrayDeque<>());
        // Reading a pipe holds a virtual thread's carrier, of which there are 256 at most.
        Thread.ofPlatform()
                .daemon()
                .name("log-" + boot.machine())
                .start(() -> attend(boot.machine(), guest, log, ended));
        while (process.isAlive() && !Files.exists(entered(hosts))) {
            LockSupport.parkNanos(BOOT_LOOK.toNanos());
        }
    }

    /// Is there once the root is made and entered.
    private static Path entered(Path hosts) {
        return hosts.resolveSibling(hosts.getFileName() + ".entered");
    }

    private static void place(Path top, Placed file) throws IOException {
        var first = Path.of("/", Path.of(file.path()).getName(0).toString());
        if (Files.exists(first) || file.path().contains("..")) {
            throw new IOException("as a process, a machine gets files only below directories that this machine has"
                    + " not; not " + file.path());
        }
        var path = top.resolve(file.path().substring(1));
        Files.createDirectories(path.getParent());
        Files.write(path, file.content());
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(letters(file.mode())));
    }

    private static String letters(int mode) {
        var letters = new StringBuilder(9);
        for (var bit = 8; bit >= 0; bit--) {
            letters.append((mode >> bit & 1) == 1 ? "xwr".charAt(bit % 3) : '-');
        }
        return letters.toString();
    }

    private void attend(String machine, Guest guest, Deque<String> log, Consumer<Exit> ended) {
        try (var reader = guest.process().inputReader()) {
            for (var line = reader.readLine(); line != null; line = reader.readLine()) {
                synchronized (log) {
                    log.addLast(line);
                    if (log.size() > LOG_LINES_MAX) {
                        log.removeFirst();
                    }
                }
            }
        } catch (IOException | UncheckedIOException broken) {
            synchronized (log) {
                log.addLast("(the log broke off: " + broken.getMessage() + ")");
            }
        }
        var code = guest.process().onExit().join().exitValue();
        if (guests.remove(machine, guest)) {
            discard(guest.root());
        }
        var fate = guest.fate().pollFirst();
        ended.accept(fate != null ? fate : new Exit(code, code > 128 ? code - 128 : 0, false));
    }

    /// Ends a machine's process as if it had ended by itself in a certain way.
    void crash(String machine, int code, boolean outOfMemory) {
        var guest = guests.get(machine);
        if (guest != null) {
            guest.fate().addFirst(new Exit(code, outOfMemory ? 9 : 0, outOfMemory));
            guest.process().destroyForcibly();
        }
    }

    @Override
    public void freeze(String machine) {
        kill("-STOP", all(machine));
    }

    @Override
    public void thaw(String machine) {
        kill("-CONT", all(machine));
    }

    private List<ProcessHandle> all(String machine) {
        var guest = guests.get(machine);
        return guest == null ? List.of() : guest.process().descendants().toList();
    }

    private static void kill(String signal, List<ProcessHandle> processes) {
        if (processes.isEmpty()) {
            return;
        }
        var words = new ArrayList<>(List.of("kill", signal));
        processes.forEach(process -> words.add(String.valueOf(process.pid())));
        try {
            new ProcessBuilder(words)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor(5, TimeUnit.SECONDS);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void stop(String machine, String signal, Duration patience) {
        var guest = guests.remove(machine);
        if (guest == null) {
            return;
        }
        if (!signal.equals("SIGKILL")) {
            kill("-CONT", guest.process().descendants().toList());
            kill("-" + signal.replace("SIG", ""), guest.inner().stream().toList());
        }
        if (signal.equals("SIGKILL") || !ended(guest.process(), patience)) {
            guest.process().destroyForcibly();
            ended(guest.process(), Duration.ofSeconds(5));
        }
        discard(guest.root());
    }

    private static boolean ended(Process process, Duration patience) {
        try {
            return process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /// What was mounted there was mounted for the machine only; where it is seen from here all the same,
    /// nothing is touched.
    private static void discard(Path path) {
        if (!Files.exists(path)) {
            return;
        }
        try (var files = Files.walk(path)) {
            if (Files.readString(Path.of("/proc/self/mountinfo")).contains(" " + path.toRealPath() + "/")) {
                throw new IOException("something is mounted in it");
            }
            for (var file : files.toList().reversed()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException | UncheckedIOException busy) {
            System.err.println("Left behind: " + path + " (" + busy.getMessage() + ")");
        }
    }

    @Override
    public void signal(String machine, String signal) {
        var guest = guests.get(machine);
        if (guest != null) {
            kill("-" + signal.replace("SIG", ""), guest.inner().stream().toList());
        }
    }

    @Override
    public Executed exec(String machine, List<String> words, String input, Duration patience) throws IOException {
        var inner = Optional.ofNullable(guests.get(machine))
                .flatMap(Guest::inner)
                .orElseThrow(() -> Refusal.precondition("machine not running"));
        var all = new ArrayList<>(
                List.of("nsenter", "--target", String.valueOf(inner.pid()), "--mount", "--pid", "--root", "--wd=/"));
        if (!root) {
            all.addAll(List.of("--user", "--preserve-credentials"));
        }
        all.addAll(words);
        var process = new ProcessBuilder(all).start();
        var output = read(process.getInputStream());
        var errors = read(process.getErrorStream());
        Thread.ofVirtual().start(() -> {
            try (var in = process.getOutputStream()) {
                in.write(input.getBytes(StandardCharsets.UTF_8));
            } catch (IOException notWanted) {
                // A command need not read what it is given.
            }
        });
        if (!ended(process, patience)) {
            process.destroyForcibly();
        }
        return new Executed(process.onExit().join().exitValue(), output.join(), errors.join());
    }

    private static CompletableFuture<String> read(InputStream stream) {
        var text = new CompletableFuture<String>();
        Thread.ofVirtual().start(() -> {
            try {
                text.complete(new String(stream.readAllBytes(), StandardCharsets.UTF_8));
            } catch (IOException broken) {
                text.complete("");
            }
        });
        return text;
    }

    @Override
    public List<String> log(String machine) {
        var log = logs.getOrDefault(machine, new ArrayDeque<>());
        synchronized (log) {
            return List.copyOf(log);
        }
    }

    @Override
    public void forget(String machine) {
        logs.remove(machine);
        discard(directory.resolve("machines").resolve(machine));
    }

    @Override
    public void forgetVolume(String volume) {
        discard(volume(volume));
    }

    private Path volume(String id) {
        return directory.resolve("volumes").resolve(id);
    }

    @Override
    public boolean real() {
        return true;
    }

    @Override
    public void close() {
        List.copyOf(guests.keySet()).forEach(machine -> stop(machine, "SIGKILL", Duration.ZERO));
        discard(directory.resolve("machines"));
    }
}
