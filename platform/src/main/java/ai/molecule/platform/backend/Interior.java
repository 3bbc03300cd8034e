package ai.molecule.platform.backend;

import ai.molecule.protocol.WorkspaceId;
import java.io.IOException;
import java.util.List;

/// What people see and do inside an agent's place: its log, its files, what it uses, and a terminal.
///
/// Paths are absolute and below `/configs` or `/workspace`, whatever a backend keeps them in; who calls checks
/// them.
public interface Interior {

    /// The longest file that is read or written, in bytes.
    int FILE_BYTES_MAX = 4 * 1024 * 1024;

    /// Hears a log, line by line.
    interface Lines {
        /// One line, without its end.
        ///
        /// @throws IOException when nobody listens any more
        void line(String text) throws IOException;

        /// Nothing came for a while; a chance to notice that nobody listens any more.
        void silence() throws IOException;
    }

    /// The last lines, oldest first, and then, while the agent runs and somebody listens, what follows.
    ///
    /// @throws BackendException when there is no log to be had
    void follow(WorkspaceId workspace, int last, Lines lines) throws BackendException, IOException;

    /// One entry of a directory.
    ///
    /// @param bytes its size; 0 for a directory
    record Entry(String name, boolean directory, long bytes) {}

    /// What is in a directory.
    List<Entry> entries(WorkspaceId workspace, String directory) throws BackendException;

    /// A file's content, at most [#FILE_BYTES_MAX].
    byte[] read(WorkspaceId workspace, String file) throws BackendException;

    /// Writes a file, over the one there may be; its directory must exist.
    void write(WorkspaceId workspace, String file, byte[] content) throws BackendException;

    /// Deletes a file.
    void delete(WorkspaceId workspace, String file) throws BackendException;

    /// What an agent takes of its machine.
    ///
    /// @param cpus processors in use, averaged over about a second
    /// @param memoryBytes memory in use
    /// @param memoryLimit how much it may use; 0 where nothing holds it
    /// @param processes how many processes and threads
    record Usage(double cpus, long memoryBytes, long memoryLimit, int processes) {}

    /// What an agent takes now.
    Usage usage(WorkspaceId workspace) throws BackendException;

    /// A shell that somebody sits in front of.
    interface Terminal extends AutoCloseable {
        /// What was typed.
        void type(byte[] input) throws IOException;

        /// The window has another size, in characters.
        void resize(int columns, int rows) throws BackendException;

        @Override
        void close();
    }

    /// Where a terminal's output goes.
    interface Screen {
        void show(byte[] output) throws IOException;

        /// The shell ended.
        void ended();
    }

    /// Opens a shell.
    ///
    /// @throws BackendException when there is none, or the agent does not run
    Terminal open(WorkspaceId workspace, int columns, int rows, Screen screen) throws BackendException;
}
