package ai.molecule.agent.workbench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.molecule.agent.workbench.WorkspaceFiles.RefusedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkspaceFilesTest {

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path temporary;

    private Path root = Path.of("");
    private WorkspaceFiles files = new WorkspaceFiles(root);

    @BeforeEach
    void open() throws Exception {
        root = temporary.resolve("workspace");
        files = new WorkspaceFiles(root);
        Files.writeString(temporary.resolve("outside.txt"), "not yours");
    }

    @Test
    void whatIsWrittenIsRead() throws Exception {
        files.write("notes/today.md", "one\ntwo\n");
        assertThat(files.read("notes/today.md", 0)).isEqualTo("one\ntwo\n");
        assertThat(files.read("/notes//./today.md", 4)).isEqualTo("two\n");
        assertThat(files.list("")).isEqualTo("notes/");
        assertThat(files.list("notes")).isEqualTo("today.md  8");
        files.write("notes/today.md", "three");
        assertThat(files.read("notes/today.md", 0)).isEqualTo("three");
        Files.setPosixFilePermissions(root.resolve("notes/today.md"), PosixFilePermissions.fromString("rwxr-x---"));
        files.edit("notes/today.md", "three", "3");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(root.resolve("notes/today.md"))))
                .as("what may be done with it stays")
                .isEqualTo("rwxr-x---");
        assertThat(files.list("notes")).as("nothing half-written stays").isEqualTo("today.md  1");
    }

    @Test
    void aTextIsChangedWhereItIsThereOnce() throws Exception {
        files.write("a", "one two one");
        files.edit("a", "two", "2");
        assertThat(files.read("a", 0)).isEqualTo("one 2 one");
        assertThatThrownBy(() -> files.edit("a", "one", "1")).hasMessageContaining("once");
        assertThatThrownBy(() -> files.edit("a", "four", "4")).hasMessageContaining("in the file");
        assertThatThrownBy(() -> files.edit("a", "", "4")).isInstanceOf(RefusedException.class);
        assertThat(files.read("a", 0)).isEqualTo("one 2 one");
    }

    @Test
    void aLongFileIsReadInPieces() throws Exception {
        var text = "ä".repeat(WorkspaceFiles.READ_MAX);
        files.write("long", text);
        assertThat(files.read("long", 1)).as("whole characters").startsWith("ää");
        var piece = files.read("long", 0);
        assertThat(piece).endsWith("go on from byte " + WorkspaceFiles.READ_MAX + ")");
        assertThat(files.read("long", WorkspaceFiles.READ_MAX)).isEqualTo("ä".repeat(WorkspaceFiles.READ_MAX / 2));
    }

    @ParameterizedTest
    @ValueSource(strings = {"../outside.txt", "a/../../outside.txt", "link", "away/outside.txt", ".", "", "\0"})
    void noPathLeadsOut(String path) throws Exception {
        Files.createDirectories(root);
        Files.createSymbolicLink(root.resolve("link"), temporary.resolve("outside.txt"));
        Files.createSymbolicLink(root.resolve("away"), temporary);
        assertThatThrownBy(() -> files.read(path, 0)).isInstanceOf(RefusedException.class);
        assertThatThrownBy(() -> files.write(path, "mine")).isInstanceOf(RefusedException.class);
        assertThatThrownBy(() -> files.edit(path, "not", "now")).isInstanceOf(RefusedException.class);
        assertThat(temporary.resolve("outside.txt")).hasContent("not yours");
        assertThat(temporary)
                .as("nothing is made outside")
                .isDirectoryNotContaining(one -> one.toString().endsWith(".part"));
    }

    @Test
    void aLinkIsListedAndNotFollowed() throws Exception {
        Files.createDirectories(root);
        Files.createSymbolicLink(root.resolve("away"), temporary);
        assertThat(files.list("")).isEqualTo("away@");
        assertThatThrownBy(() -> files.list("away")).isInstanceOf(RefusedException.class);
    }

    @Test
    void whatIsNoTextOrTooLongIsRefused() throws Exception {
        Files.createDirectories(root);
        Files.write(root.resolve("picture"), new byte[] {(byte) 0xff, (byte) 0xfe, 0});
        assertThatThrownBy(() -> files.read("picture", 0)).hasMessageContaining("no text");
        assertThatThrownBy(() -> files.write("long", "x".repeat(WorkspaceFiles.WRITE_MAX + 1)))
                .hasMessageContaining("at most");
        assertThatThrownBy(() -> files.read("nothing", 0)).hasMessageContaining("there is no file");
        files.write("directory/file", "");
        assertThatThrownBy(() -> files.write("directory", "x")).hasMessageContaining("no file");
        assertThat(files.read("directory/file", 0)).isEmpty();
    }
}
