package ai.molecule.platform.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostRulesTest {

    @TempDir
    private Path home;

    private Path root;
    private HostRules rules;

    @BeforeEach
    void prepare() throws Exception {
        root = Files.createDirectories(home.toRealPath().resolve("root"));
        rules = new HostRules(List.of(root), false);
    }

    private String objection(Path directory) {
        return rules.objection(new HostAccess(directory.toString(), false, false))
                .orElse("none");
    }

    @Test
    void whatLiesBelowARootIsFine() throws Exception {
        assertThat(objection(root)).isEqualTo("none");
        assertThat(objection(Files.createDirectories(root.resolve("a/b")))).isEqualTo("none");
        assertThat(rules.objection(HostAccess.NONE)).isEmpty();
    }

    @Test
    void whatDoesNotIsNamedWithWhatWouldBe() throws Exception {
        var namesake = Files.createDirectory(root.resolveSibling("root-of-another"));
        assertThat(objection(namesake)).contains("WORKSPACE_ROOTS").contains(root.toString());
        assertThat(objection(home)).contains("WORKSPACE_ROOTS");
        assertThat(objection(Path.of("/"))).contains("WORKSPACE_ROOTS");
        assertThat(HostRules.NOTHING.objection(new HostAccess(root.toString(), true, false)))
                .isPresent();
    }

    @Test
    void linksFilesAndNothingAreRefused() throws Exception {
        Files.createSymbolicLink(root.resolve("link"), Path.of("/etc"));
        assertThat(objection(root.resolve("link"))).contains("symbolic links").contains("/etc");
        assertThat(objection(root.resolve("link/ssl"))).contains("symbolic links");
        assertThat(objection(Files.createFile(root.resolve("file")))).contains("directory");
        assertThat(objection(root.resolve("missing"))).contains("exist");
    }

    @Test
    void privilegesAreForThoseWhoAllowThem() {
        var wanted = new HostAccess("", false, true);
        assertThat(rules.objection(wanted).orElseThrow()).contains("ALLOW_PRIVILEGED_WORKSPACES");
        assertThat(new HostRules(List.of(), true).objection(wanted)).isEmpty();
    }
}
