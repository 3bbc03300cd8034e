package ai.molecule.platform;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The platform as a process of its own, from the classes under test.
final class PlatformProgram {

    private PlatformProgram() {}

    /// A process in a directory, with its data below it and nothing of this process's settings.
    ///
    /// @param before what starts the JVM, such as `setsid`
    static ProcessBuilder in(Path directory, Map<String, String> environment, String... before) {
        var command = new ArrayList<>(List.of(before));
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Dmolecule.agent.jar=" + TestHouse.AGENT_JAR,
                "-cp",
                System.getProperty("java.class.path"),
                "ai.molecule.platform.Main"));
        var builder = new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
        builder.environment().clear();
        builder.environment()
                .putAll(Map.of(
                        "DATA_DIR",
                        directory.resolve("data").toString(),
                        "PATH",
                        System.getenv("PATH"),
                        "CONTAINER_BACKEND",
                        "process"));
        builder.environment().putAll(environment);
        return builder;
    }
}
