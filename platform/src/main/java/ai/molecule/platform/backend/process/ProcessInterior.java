package ai.molecule.platform.backend.process;

import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.Interior;
import ai.molecule.protocol.WorkspaceId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// Looks into the directories of child processes, and at what the operating system counts of them (Linux).
///
/// There is no terminal: a child has the rights of the platform's own user, and so would whoever sat in front
/// of it.
final class ProcessInterior implements Interior {

    private static final Duration LOOK_PACE = Duration.ofMillis(300);
    private static final int LOOKS_BETWEEN_SILENCES = 50;
    private static final Duration SAMPLE = Duration.ofSeconds(1);
    private static final int ENTRIES_MAX = 5000;

    private final Function<WorkspaceId, Path> homes;
    private final Function<WorkspaceId, Optional<ProcessHandle>> children;

    ProcessInterior(Function<WorkspaceId, Path> homes, Function<WorkspaceId, Optional<ProcessHandle>> children) {
        this.homes = homes;
        this.children = children;
    }

    static BoundedLog log(Path home) {
        return new BoundedLog(home.resolve("agent.log"));
    }

    @Override
    public void follow(WorkspaceId workspace, int last, Lines lines) throws IOException {
        var log = log(homes.apply(workspace));
        var shown = log.mark();
        for (var line : log.tail(last)) {
            lines.line(line);
        }
        try {
            for (int looks = 1; children.apply(workspace).isPresent(); looks++) {
                Thread.sleep(LOOK_PACE);
                var next = log.since(shown);
                shown = next.mark();
                for (var line : next.lines()) {
                    lines.line(line);
                }
                if (looks % LOOKS_BETWEEN_SILENCES == 0) {
                    lines.silence();
                }
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public List<Entry> entries(WorkspaceId workspace, String directory) throws BackendException {
        var entries = new ArrayList<Entry>();
        try (var files = Files.list(inside(workspace, directory))) {
            for (var file : files.limit(ENTRIES_MAX).sorted().toList()) {
                var isDirectory = Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS);
                entries.add(new Entry(
                        String.valueOf(file.getFileName()),
                        isDirectory,
                        Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) ? Files.size(file) : 0));
            }
            return entries;
        } catch (IOException failed) {
            throw cannot("list", directory, failed);
        }
    }

    @Override
    public byte[] read(WorkspaceId workspace, String file) throws BackendException {
        var path = inside(workspace, file);
        try {
            if (!Files.isRegularFile(path)) {
                throw new BackendException("Expected a file, but " + file + " is none");
            }
            if (Files.size(path) > FILE_BYTES_MAX) {
                throw new BackendException("Expected at most " + FILE_BYTES_MAX + " bytes, but " + file + " has more");
            }
            return Files.readAllBytes(path);
        } catch (IOException failed) {
            throw cannot("read", file, failed);
        }
    }

    @Override
    public void write(WorkspaceId workspace, String file, byte[] content) throws BackendException {
        try {
            Files.write(inside(workspace, file), content);
        } catch (IOException failed) {
            throw cannot("write", file, failed);
        }
    }

    @Override
    public void delete(WorkspaceId workspace, String file) throws BackendException {
        var path = inside(workspace, file);
        try {
            if (Files.isDirectory(path)) {
                throw new BackendException("Expected a file, but " + file + " is a directory");
            }
            Files.delete(path);
        } catch (IOException failed) {
            throw cannot("delete", file, failed);
        }
    }

    @Override
    public Usage usage(WorkspaceId workspace) throws BackendException {
        var child = children.apply(workspace)
                .orElseThrow(() -> new BackendException("Expected a running process, but there is none"));
        try {
            var before = used(child);
            Thread.sleep(SAMPLE);
            var cpus = (double) used(child).minus(before).toNanos() / SAMPLE.toNanos();
            var status = Files.readString(Path.of("/proc", String.valueOf(child.pid()), "status"));
            return new Usage(cpus, 1024 * field(status, "VmRSS"), 0, (int) field(status, "Threads"));
        } catch (IOException ended) {
            throw cannot("measure", "a process that ended", ended);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw new BackendException("Expected to measure, but the platform is stopping", stopping);
        }
    }

    private static Duration used(ProcessHandle child) {
        return child.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    private static long field(String status, String name) {
        return status.lines()
                .filter(line -> line.startsWith(name + ":"))
                .map(line -> line.replaceAll("[^0-9]", ""))
                .mapToLong(Long::parseLong)
                .findFirst()
                .orElse(0);
    }

    @Override
    public Terminal open(WorkspaceId workspace, int columns, int rows, Screen screen) throws BackendException {
        throw new BackendException("Expected an agent in a container, but this one is a local process of the platform's"
                + " own user; a terminal there would be one on this machine");
    }

    /// Where a path leads; a link out of the workspace's directory leads nowhere.
    private Path inside(WorkspaceId workspace, String path) throws BackendException {
        try {
            var home = homes.apply(workspace).toRealPath();
            var wanted = home.resolve(path.substring(1)).normalize();
            var real = Files.exists(wanted)
                    ? wanted.toRealPath()
                    : wanted.resolveSibling(".").toRealPath().resolve(String.valueOf(wanted.getFileName()));
            if (!real.startsWith(home) || Files.isSymbolicLink(real)) {
                throw new BackendException("Expected a path inside the workspace, but " + path + " leads out of it");
            }
            return real;
        } catch (IOException failed) {
            throw cannot("find", path, failed);
        }
    }

    private static BackendException cannot(String verb, String path, IOException why) {
        return new BackendException(
                "Expected to " + verb + " " + path + ", but: "
                        + (why instanceof java.nio.file.NoSuchFileException
                                ? "there is no such file"
                                : why.getMessage()),
                why);
    }
}
