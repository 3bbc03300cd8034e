package ai.molecule.platform.backend.process;

import ai.molecule.platform.backend.Size;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// The command that runs our agent as a child process.
///
/// @param java the JVM to run it with
/// @param jar the agent's one jar
/// @param aotCache its ahead-of-time cache (JEP 514), used where the file exists
public record AgentProgram(Path java, Path jar, Path aotCache) {

    /// What the agent has an engine for.
    static final Set<String> RUNTIMES =
            Set.of("echo", "hermes", "langgraph", "claude-code", "gemini-cli", "codex", "command");

    /// Half of the size goes to the heap; the rest is for code, threads and buffers.
    private static final int HEAP_SHARE = 2;

    /// The agent beside this platform's own JVM.
    public static AgentProgram beside(Path jar) {
        var java = Path.of(System.getProperty("java.home"), "bin", "java");
        return new AgentProgram(java, jar, jar.resolveSibling("agent.aot"));
    }

    List<String> command(Size size) {
        var command = new ArrayList<String>();
        command.add(java.toString());
        command.add("-Xmx" + Math.max(32, size.memoryMegabytes() / HEAP_SHARE) + "m");
        command.add("-Xss512k");
        command.add("-XX:+UseSerialGC");
        command.add("-XX:TieredStopAtLevel=1");
        command.add("-XX:ActiveProcessorCount=" + Math.max(1, (int) Math.ceil(size.cpus())));
        command.add("-XX:+ExitOnOutOfMemoryError");
        if (fitsJar()) {
            command.add("-XX:AOTCache=" + aotCache);
            command.add("-Xlog:aot*=off");
        }
        command.add("-jar");
        command.add(jar.toString());
        return command;
    }

    /// The JVM takes classes of an older jar from a cache without a word; so a cache counts only if it is
    /// newer.
    private boolean fitsJar() {
        try {
            return Files.getLastModifiedTime(aotCache).compareTo(Files.getLastModifiedTime(jar)) > 0;
        } catch (IOException none) {
            return false;
        }
    }
}
