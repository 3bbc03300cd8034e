package ai.molecule.platform.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedPostgresTest {

    @Test
    void whatIsCommittedIsOnTheDisk(@TempDir Path home) throws IOException {
        try (var postgres = EmbeddedPostgres.start(home);
                var database = Database.open(postgres.address())) {
            for (var setting : List.of("fsync", "synchronous_commit", "full_page_writes")) {
                assertThat(database.query("show " + setting, row -> row.text(setting)))
                        .containsExactly("on");
            }
            assertThat(database.query("show listen_addresses", row -> row.text("listen_addresses")))
                    .containsExactly("127.0.0.1");
        }
    }

    @Test
    void theServerOfAKilledPlatformIsStoppedAndItsDataKept(@TempDir Path home) throws IOException {
        var orphan = EmbeddedPostgres.start(home);
        try (var database = Database.open(orphan.address())) {
            database.update("create table kept (x int)");
        }
        try (var next = EmbeddedPostgres.start(home);
                var database = Database.open(next.address())) {
            assertThat(ProcessHandle.of(orphan.pid()).filter(ProcessHandle::isAlive))
                    .isEmpty();
            assertThat(database.query("select count(*) as n from kept", row -> row.number("n")))
                    .containsExactly(0L);
        }
    }

    @Test
    void aServerThatEndsByItselfIsStartedAgain(@TempDir Path home) throws IOException {
        try (var postgres = EmbeddedPostgres.start(home);
                var database = Database.open(postgres.address())) {
            database.update("create table kept (x int)");
            var first = postgres.pid();
            ProcessHandle.of(first).orElseThrow().destroyForcibly();
            await().atMost(Duration.ofSeconds(30)).until(() -> postgres.pid() != first && database.answers());
            assertThat(database.query("select count(*) as n from kept", row -> row.number("n")))
                    .containsExactly(0L);
        }
    }

    @Test
    void aStalePidFileOfAnotherProcessHurtsNobody(@TempDir Path home) throws IOException {
        EmbeddedPostgres.start(home).close();
        Files.writeString(
                home.resolve("data/postmaster.pid"), ProcessHandle.current().pid() + "\n");
        try (var next = EmbeddedPostgres.start(home);
                var database = Database.open(next.address())) {
            assertThat(database.answers()).isTrue();
        }
    }

    @Test
    void aLostPasswordIsSaidAndNeverCostsTheData(@TempDir Path home) throws IOException {
        EmbeddedPostgres.start(home).close();
        Files.move(home.resolve("password"), home.resolve("elsewhere"));
        assertThatThrownBy(() -> EmbeddedPostgres.start(home)).hasMessageContaining("password");
        Files.move(home.resolve("elsewhere"), home.resolve("password"));
        EmbeddedPostgres.start(home).close();
    }

    @Test
    void anInterruptedFirstStartIsBegunAnew(@TempDir Path home) throws IOException {
        Files.createDirectories(home.resolve("data"));
        Files.writeString(home.resolve("data/half"), "made");
        try (var postgres = EmbeddedPostgres.start(home);
                var database = Database.open(postgres.address())) {
            assertThat(database.answers()).isTrue();
        }
    }
}
