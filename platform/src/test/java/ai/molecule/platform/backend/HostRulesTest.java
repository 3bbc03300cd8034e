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
    void whatLiesDirectlyInARootIsFine() throws Exception {
        assertThat(objection(Files.createDirectory(root.resolve("work")))).isEqualTo("none");
        assertThat(rules.objection(HostAccess.NONE)).isEmpty();
    }

    @Test
    void whatDoesNotIsNamedWithWhatWouldBe() throws Exception {
        var namesake =
                Files.createDirectories(root.resolveSibling("root-of-another").resolve("work"));
        var deeper = Files.createDirectories(root.resolve("work/deeper"));
        for (var wrong : List.of(namesake, deeper, root, home, Path.of("/"), root.resolve("../root/work"))) {
            assertThat(objection(wrong))
                    .as("%s", wrong)
                    .contains("WORKSPACE_ROOTS")
                    .contains(root.toString());
        }
        assertThat(HostRules.NOTHING.objection(new HostAccess(root.toString(), true, false)))
                .isPresent();
    }

    @Test
    void whatIsGivenUpNeedsNoPermission() {
        var much = new HostAccess("/a", false, true);
        assertThat(HostAccess.NONE.within(much)).isTrue();
        assertThat(new HostAccess("/a", true, false).within(much)).isTrue();
        assertThat(much.within(much)).isTrue();
        assertThat(new HostAccess("/b", true, false).within(much)).isFalse();
        assertThat(much.within(new HostAccess("/a", true, true))).isFalse();
        assertThat(much.within(new HostAccess("/a", false, false))).isFalse();
    }

    @Test
    void linksFilesAndNothingAreRefused() throws Exception {
        Files.createSymbolicLink(root.resolve("link"), Path.of("/etc"));
        assertThat(objection(root.resolve("link"))).contains("symbolic links").contains("/etc");
        assertThat(objection(root.resolve("link/ssl"))).contains("directly");
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
