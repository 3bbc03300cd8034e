package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.molecule.platform.Settings.BadSettingsException;
import ai.molecule.platform.backend.flyio.FlyReach;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {

    @Test
    void nothingSetIsEnough() throws BadSettingsException {
        var settings = Settings.read(Map.of());
        assertThat(settings.port()).isEqualTo(8080);
        assertThat(settings.host()).isEqualTo("127.0.0.1");
        assertThat(settings.dataDirectory()).isEqualTo(Path.of(".molecule"));
        assertThat(settings.database()).isEmpty();
    }

    @Test
    void allFaultsAreReportedAtOnce() {
        assertThatThrownBy(() -> Settings.read(Map.of(
                        "PORT", "eighty",
                        "ADMIN_TOKEN", "short",
                        "CONTAINER_BACKEND", "kubernetes",
                        "ALLOWED_RUNTIMES", "hermes,cobol",
                        "DATABASE_URL", "mysql://x",
                        "MOLECULE_PORT", "1",
                        "FLY_REGIN", "ams")))
                .isInstanceOfSatisfying(
                        BadSettingsException.class,
                        bad -> assertThat(bad.faults())
                                .hasSize(7)
                                .anyMatch(fault -> fault.equals("MOLECULE_PORT: not a setting; did you mean PORT?"))
                                .anyMatch(fault -> fault.equals("FLY_REGIN: not a setting; did you mean FLY_REGION?"))
                                .anyMatch(fault -> fault.startsWith("PORT: expected a number from 0 to 65535"))
                                .anyMatch(fault -> fault.contains("cobol")));
    }

    @Test
    void flyNeedsItsTokenItsAppAndAnAddressThatItsMachinesReach() throws Exception {
        assertThatThrownBy(() -> Settings.read(Map.of("CONTAINER_BACKEND", "flyio")))
                .hasMessageContaining("FLY_API_TOKEN: expected a token")
                .hasMessageContaining("FLY_WORKSPACE_APP: expected the name of a Fly app");
        assertThatThrownBy(() -> Settings.read(Map.of("FLY_API_TOKEN", "fm2_x")))
                .hasMessageContaining(
                        "FLY_WORKSPACE_APP: expected the name of a Fly app, because FLY_API_TOKEN is set");
        assertThatThrownBy(() -> Settings.read(
                        Map.of("FLY_API_TOKEN", "fm2_x", "FLY_WORKSPACE_APP", "Not An App", "FLY_REACH", "sideways")))
                .hasMessageContaining("FLY_REACH: expected one of")
                .hasMessageContaining("FLY_WORKSPACE_APP: expected the name of a Fly app, but found Not An App")
                .hasMessageContaining("PLATFORM_URL: expected an address that Fly's machines reach");
        assertThat(Settings.read(Map.of("PORT", "1")).containers().fly()).isEmpty();
    }

    @Test
    void insideAFlyMachineTheRegionMeansSomethingElse() throws Exception {
        var outside = Map.of(
                "FLY_API_TOKEN", "FlyV1 fm2_x",
                "FLY_WORKSPACE_APP", "agents",
                "FLY_REGION", "ams,fra",
                "PLATFORM_URL", "https://molecule.example.com");
        var set = Settings.read(outside).containers().fly().orElseThrow();
        assertThat(set.region()).isEqualTo("ams,fra");
        assertThat(set.reach()).isEqualTo(new FlyReach.Public(URI.create("https://agents.fly.dev/")));
        assertThat(set.toString()).doesNotContain("fm2_x");
        var inside = new HashMap<>(outside);
        inside.put("FLY_MACHINE_ID", "e148");
        assertThat(Settings.read(inside).containers().fly().orElseThrow().region())
                .isEqualTo("ord");
        assertThat(Settings.read(inside).containers().fly().orElseThrow().reach())
                .isEqualTo(new FlyReach.Private());
        inside.put("FLY_DEFAULT_REGION", "lhr");
        assertThat(Settings.read(inside).containers().fly().orElseThrow().region())
                .isEqualTo("lhr");
    }

    @Test
    void aRootIsADirectoryOfNothingButWork(@TempDir Path home) throws Exception {
        var work = Files.createDirectory(home.toRealPath().resolve("work"));
        var link = Files.createSymbolicLink(home.resolve("link"), work);
        assertThat(Settings.read(Map.of("WORKSPACE_ROOTS", work.toString()))
                        .containers()
                        .rules()
                        .roots())
                .containsExactly(work);
        for (var wrong : List.of("/", "/etc", "/usr/local", "work", work + "/missing", link.toString())) {
            assertThatThrownBy(() -> Settings.read(Map.of("WORKSPACE_ROOTS", wrong)))
                    .as(wrong)
                    .hasMessageContaining("WORKSPACE_ROOTS: expected");
        }
        assertThatThrownBy(() -> Settings.read(Map.of(
                        "WORKSPACE_ROOTS",
                        work.toString(),
                        "DATA_DIR",
                        work.resolve("data").toString())))
                .hasMessageContaining("the platform's own");
        Files.createSymbolicLink(home.resolve("data"), work);
        assertThatThrownBy(() -> Settings.read(Map.of(
                        "WORKSPACE_ROOTS",
                        work.toString(),
                        "DATA_DIR",
                        home.resolve("data/molecule").toString())))
                .hasMessageContaining("the platform's own");
        var inside = Files.createDirectory(work.resolve("inside"));
        assertThatThrownBy(() -> Settings.read(Map.of("WORKSPACE_ROOTS", work + "," + inside)))
                .hasMessageContaining("none is in another");
        assertThatThrownBy(() -> Settings.read(
                        Map.of("WORKSPACE_ROOTS", work.toString(), "DOCKER_HOST", "tcp://127.0.0.1:2375")))
                .hasMessageContaining("a socket of this machine");
        assertThat(Settings.read(Map.of()).containers().rules().privileged()).isFalse();
    }

    @Test
    void aNearMissIsRefusedWithASuggestion() {
        assertThatThrownBy(() -> Settings.read(Map.of("PLATFORM_ULR", "http://x")))
                .hasMessageContaining("did you mean PLATFORM_URL?");
    }

    @Test
    void whatOthersSetIsLeftAlone() throws BadSettingsException {
        var settings = Settings.read(Map.of("HOME", "/root", "FLY_MACHINE_ID", "1", "PATH", "/bin", "HOSTNAME", "me"));
        assertThat(settings.port()).isEqualTo(8080);
    }

    @Test
    void secretsDoNotShowInItsText() throws BadSettingsException {
        var settings = Settings.read(Map.of(
                "ADMIN_TOKEN", "a-very-long-admin-token",
                "DATABASE_URL", "postgres://me:hunter22@db.example/molecule?sslmode=require"));
        assertThat(settings.toString()).doesNotContain("a-very-long").doesNotContain("hunter22");
        assertThat(settings.database().orElseThrow().jdbcUrl())
                .isEqualTo("jdbc:postgresql://db.example:5432/molecule?sslmode=require");
        assertThat(settings.database().orElseThrow().password()).isEqualTo("hunter22");
    }

    @Test
    void agentsOnThisMachineAreReachedByDefaultOnlyWhileNobodyElseReachesUs() throws BadSettingsException {
        assertThat(Settings.read(Map.of()).allowedAgentCidrs()).hasSize(2);
        assertThat(Settings.read(Map.of("HOST", "0.0.0.0")).allowedAgentCidrs()).isEmpty();
        assertThat(Settings.read(Map.of("PLATFORM_URL", "https://molecule.example"))
                        .allowedAgentCidrs())
                .as("behind a proxy or a tunnel")
                .isEmpty();
    }

    @Test
    void theFileSpeaksWhereTheEnvironmentIsSilent(@TempDir Path directory) throws IOException {
        var file = directory.resolve(".env");
        Files.writeString(
                file, "# settings\nPORT=9000\nexport HOST='0.0.0.0'\nDATA_DIR=\"/var/x\" # here\nRATE_LIMIT=5 # a\n");
        assertThat(EnvFile.under(Map.of("PORT", "9001"), file))
                .containsEntry("PORT", "9001")
                .containsEntry("HOST", "0.0.0.0")
                .containsEntry("RATE_LIMIT", "5");
    }

    @Test
    void theDocumentListsEverySetting() throws IOException {
        var table = new StringBuilder("| variable | default | meaning |\n|---|---|---|\n");
        for (var variable : Variable.values()) {
            table.append("| `").append(variable).append("` | ");
            table.append(variable.otherwise().isEmpty() ? "" : "`" + variable.otherwise() + "`");
            table.append(" | ").append(variable.meaning()).append(" |\n");
        }
        var document = Files.readString(Path.of("../docs/settings.md"));
        assertThat(document)
                .as("docs/settings.md must hold this table:\n%s", table)
                .contains(table);
    }
}
