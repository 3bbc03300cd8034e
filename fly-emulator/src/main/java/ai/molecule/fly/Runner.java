package ai.molecule.fly;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// What is behind machines: nothing, or processes.
interface Runner extends AutoCloseable {

    /// A file to be put into a machine before it boots.
    record Placed(String path, byte[] content, int mode) {}

    /// What a machine boots with.
    ///
    /// @param command what to run instead of what the image says; empty for that
    /// @param volumes directories that last, by their path inside
    record Boot(
            String machine,
            String address,
            String image,
            List<String> command,
            Map<String, String> environment,
            List<Placed> files,
            Map<String, String> volumes) {
        public Boot {
            command = List.copyOf(command);
            environment = Map.copyOf(environment);
            files = List.copyOf(files);
            volumes = Map.copyOf(volumes);
        }
    }

    /// How a machine's process ended.
    ///
    /// @param signal the number of the signal that ended it; 0 for none
    record Exit(int code, int signal, boolean outOfMemory) {}

    /// What a command came to.
    record Executed(int code, String output, String errors) {}

    /// Boots a machine with a fresh root.
    ///
    /// @param ended hears of its end, once
    void boot(Boot boot, Consumer<Exit> ended) throws IOException;

    void freeze(String machine);

    void thaw(String machine);

    /// Ends a machine's process, by force after a while, and returns when it ended.
    void stop(String machine, String signal, Duration patience);

    void signal(String machine, String signal);

    Executed exec(String machine, List<String> command, String input, Duration patience) throws IOException;

    /// The last lines it wrote, oldest first.
    List<String> log(String machine);

    /// Forgets all that is kept of a machine.
    void forget(String machine);

    /// Forgets a volume.
    void forgetVolume(String volume);

    /// True when something listens behind a machine's address.
    boolean real();

    @Override
    void close();
}
