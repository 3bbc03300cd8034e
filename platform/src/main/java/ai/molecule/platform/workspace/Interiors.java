package ai.molecule.platform.workspace;

import ai.molecule.platform.backend.Backend;
import ai.molecule.platform.backend.BackendAwayException;
import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.Interior;
import ai.molecule.platform.journal.Event;
import ai.molecule.platform.journal.Journal;
import ai.molecule.platform.store.Database;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/// What the operator sees and does inside an agent's place. Everything but figures is told to the journal: what
/// was looked at or changed, never what was in it.
public final class Interiors {

    /// How much of a log may be asked for at once, in lines.
    public static final int LINES_MAX = 10_000;

    private static final int PATH_LENGTH_MAX = 1024;
    private static final Pattern PATH = Pattern.compile("/(configs|workspace)(/.*)?");
    private static final Pattern SECRET = Pattern.compile("/configs/[.](auth_token|secrets).*");

    private final Workspaces workspaces;
    private final Map<String, Backend> backends;
    private final Journal journal;
    private final Database database;

    public Interiors(Workspaces workspaces, Map<String, Backend> backends, Journal journal, Database database) {
        this.workspaces = workspaces;
        this.backends = Map.copyOf(backends);
        this.journal = journal;
        this.database = database;
    }

    /// Hears a log.
    public interface Lines {
        void line(String text) throws IOException;

        void silence() throws IOException;
    }

    /// The last lines of an agent's log, oldest first.
    public List<String> log(WorkspaceId id, int last) {
        var backend = backend(id);
        tell(id, "logs", "");
        return backend.logTail(id, last);
    }

    /// A check before [#follow], so that a refusal is an answer and no broken stream.
    public void checkLog(WorkspaceId id) {
        backend(id);
        tell(id, "logs", "");
    }

    /// The last lines, and then what follows while the agent runs and somebody listens.
    public void follow(WorkspaceId id, int last, Lines lines) throws IOException {
        try {
            backend(id).interior().follow(id, last, new Interior.Lines() {
                @Override
                public void line(String text) throws IOException {
                    lines.line(text);
                }

                @Override
                public void silence() throws IOException {
                    lines.silence();
                }
            });
        } catch (BackendException failed) {
            lines.line("(" + failed.getMessage() + ")");
        }
    }

    /// What an agent takes of its machine now.
    public JsonNode usage(WorkspaceId id) {
        var usage = ask(() -> backend(id).interior().usage(id));
        return Json.object()
                .put("cpus", Math.round(usage.cpus() * 1000) / 1000.0)
                .put("memory_bytes", usage.memoryBytes())
                .put("memory_limit_bytes", usage.memoryLimit())
                .put("processes", usage.processes());
    }

    /// What is in a directory.
    public JsonNode entries(WorkspaceId id, String directory) {
        var path = checked(directory);
        var entries = ask(() -> backend(id).interior().entries(id, path));
        tell(id, "files_listed", path);
        var array = Json.array();
        for (var entry : entries) {
            array.addObject()
                    .put("path", entry.name())
                    .put("size", entry.bytes())
                    .put("dir", entry.directory());
        }
        return array;
    }

    /// A file: its text, or, where it is none, its bytes in base64.
    public JsonNode read(WorkspaceId id, String file) {
        var path = checkedFile(file);
        var bytes = ask(() -> backend(id).interior().read(id, path));
        tell(id, "file_read", path);
        var json = Json.object().put("path", path).put("size", bytes.length);
        try {
            return json.put(
                            "content",
                            StandardCharsets.UTF_8
                                    .newDecoder()
                                    .decode(ByteBuffer.wrap(bytes))
                                    .toString())
                    .put("encoding", "utf-8");
        } catch (CharacterCodingException binary) {
            return json.put("content", Base64.getEncoder().encodeToString(bytes))
                    .put("encoding", "base64");
        }
    }

    /// Writes a file, over the one there may be.
    public void write(WorkspaceId id, String file, byte[] content) {
        var path = checkedFile(file);
        if (content.length > Interior.FILE_BYTES_MAX) {
            throw new Refusal(
                    Reason.PAYLOAD_TOO_LARGE, "Expected at most " + Interior.FILE_BYTES_MAX + " bytes in a file");
        }
        ask(() -> {
            backend(id).interior().write(id, path, content);
            return true;
        });
        tell(id, "file_saved", path);
    }

    /// Deletes a file.
    public void delete(WorkspaceId id, String file) {
        var path = checkedFile(file);
        ask(() -> {
            backend(id).interior().delete(id, path);
            return true;
        });
        tell(id, "file_deleted", path);
    }

    /// Where a terminal's output goes.
    public interface Screen {
        void show(byte[] output) throws IOException;

        void ended();
    }

    /// A shell that somebody sits in front of.
    public interface Terminal extends AutoCloseable {
        void type(byte[] input) throws IOException;

        void resize(int columns, int rows);

        @Override
        void close();
    }

    /// Opens a shell inside.
    ///
    /// @throws Refusal `not_possible` with the reason, when there is none to be had
    public Terminal open(WorkspaceId id, int columns, int rows, Screen screen) {
        var backend = backend(id);
        tell(id, "terminal", "");
        var terminal = ask(() -> backend.interior().open(id, columns, rows, new Interior.Screen() {
            @Override
            public void show(byte[] output) throws IOException {
                screen.show(output);
            }

            @Override
            public void ended() {
                screen.ended();
            }
        }));
        return new Terminal() {
            @Override
            public void type(byte[] input) throws IOException {
                terminal.type(input);
            }

            @Override
            public void resize(int wide, int high) {
                ask(() -> {
                    terminal.resize(wide, high);
                    return true;
                });
            }

            @Override
            public void close() {
                terminal.close();
            }
        };
    }

    private Backend backend(WorkspaceId id) {
        var workspace = workspaces.require(id);
        var backend = backends.get(workspace.profile().backend());
        if (backend == null) {
            throw new Refusal(
                    Reason.NOT_POSSIBLE,
                    "Expected an agent that the platform runs, but workspace " + id + " is on "
                            + workspace.profile().backend());
        }
        return backend;
    }

    private static String checkedFile(String file) {
        var path = checked(file);
        if (path.indexOf('/', 1) < 0 || SECRET.matcher(path).matches()) {
            throw new Refusal(
                    Reason.FORBIDDEN_FIELD, "Expected a file below /configs or /workspace that is no credential");
        }
        return path;
    }

    private static String checked(String path) {
        var plain = path.length() > 1 && path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
        if (plain.length() > PATH_LENGTH_MAX
                || !PATH.matcher(plain).matches()
                || plain.contains("//")
                || List.of(plain.split("/", -1)).stream().anyMatch(part -> part.equals("..") || part.equals("."))) {
            throw new Refusal(
                    Reason.BAD_REQUEST,
                    "Expected a path of at most " + PATH_LENGTH_MAX
                            + " characters below /configs or /workspace, without . or ..");
        }
        return plain;
    }

    @FunctionalInterface
    private interface Question<T> {
        T ask() throws BackendException;
    }

    private static <T> T ask(Question<T> question) {
        try {
            return question.ask();
        } catch (BackendAwayException away) {
            throw new Refusal(Reason.UNAVAILABLE, String.valueOf(away.getMessage()));
        } catch (BackendException failed) {
            throw new Refusal(Reason.NOT_POSSIBLE, String.valueOf(failed.getMessage()));
        }
    }

    private void tell(WorkspaceId id, String what, String path) {
        database.inTransaction(() -> journal.append(
                Event.WORKSPACE_INSPECTED, id, Json.object().put("what", what).put("path", path)));
    }
}
