package ai.molecule.platform.secret;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.molecule.platform.TestRooms;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.WorkspaceId;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SecretsTest {

    private final TestRooms rooms = new TestRooms();
    private final WorkspaceId one = WorkspaceId.random();
    private final WorkspaceId other = WorkspaceId.random();

    @AfterEach
    void close() {
        rooms.close();
    }

    @Test
    void aWorkspaceGetsItsOwnBeforeTheGlobalOnesAndNobodyElses() {
        rooms.secrets.put(null, "KEY", "everybody's");
        rooms.secrets.put(null, "MODEL", "big");
        rooms.secrets.put(one, "KEY", "mine");
        rooms.secrets.put(other, "OTHER", "theirs");
        assertThat(rooms.secrets.values(one)).containsOnlyKeys("KEY", "MODEL").containsEntry("KEY", "mine");
        assertThat(rooms.secrets.values(other)).containsEntry("KEY", "everybody's");
        assertThat(rooms.secrets.names(one))
                .extracting(SecretName::name, SecretName::global)
                .satisfiesExactly(
                        own -> assertThat(own.toList()).containsExactly("KEY", false),
                        global -> assertThat(global.toList()).containsExactly("MODEL", true));
        rooms.secrets.delete(one, "KEY");
        assertThat(rooms.secrets.values(one)).containsEntry("KEY", "everybody's");
        assertThatThrownBy(() -> rooms.secrets.delete(one, "KEY"))
                .isInstanceOfSatisfying(
                        Refusal.class, no -> assertThat(no.reason()).isEqualTo(Refusal.Reason.NOT_FOUND));
    }

    @Test
    void whatIsKeptCannotBeReadNorMoved() {
        rooms.secrets.put(one, "KEY", "a very particular value");
        var rows = rooms.database.query(
                "select sealed from secrets", row -> new String(row.bytes("sealed"), StandardCharsets.ISO_8859_1));
        assertThat(rows).hasSize(1).noneMatch(row -> row.contains("particular"));
        rooms.database.update("update secrets set owner = ?", other.value());
        assertThatThrownBy(() -> rooms.secrets.values(other))
                .hasMessageContaining("KEY")
                .hasMessageNotContaining("particular");
    }

    @Test
    void theSameValueLooksDifferentEachTime() {
        rooms.secrets.put(one, "A", "same");
        rooms.secrets.put(other, "A", "same");
        assertThat(rooms.database.query("select encode(sealed, 'hex') as hex from secrets", row -> row.text("hex")))
                .doesNotHaveDuplicates()
                .hasSize(2);
    }

    @Test
    void anotherKeyIsNoticed() throws Exception {
        rooms.secrets.checkKey();
        rooms.secrets.checkKey();
        var stranger = new Secrets(rooms.database, "another key than the first", rooms.journal, rooms.clock);
        assertThatThrownBy(stranger::checkKey)
                .isInstanceOf(Secrets.WrongKeyException.class)
                .hasMessageContaining("SECRETS_ENCRYPTION_KEY");
    }

    @Test
    void theJournalTellsOfChangesButNeverAValue() {
        rooms.secrets.put(null, "KEY", "a very particular value");
        var told = rooms.journal.after(0, 10).getLast();
        assertThat(told.payload().path("key").asText()).isEqualTo("KEY");
        assertThat(Json.text(told.payload())).doesNotContain("particular");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "PATH",
                "path",
                "LD_PRELOAD",
                "WORKSPACE_ID",
                "MOLECULE_ANYTHING",
                "JAVA_TOOL_OPTIONS",
                "1KEY",
                "A-B",
                "",
                "A B",
                "A=B"
            })
    void namesThatWouldChangeHowAnAgentIsStartedAreRefused(String name) {
        assertThatThrownBy(() -> rooms.secrets.put(one, name, "x")).isInstanceOf(Refusal.class);
        assertThat(rooms.secrets.names(one)).isEmpty();
    }

    @Test
    void thereIsAnEndToHowManyAndHowLong() {
        assertThatThrownBy(() -> rooms.secrets.put(one, "BIG", "x".repeat(40_000)))
                .isInstanceOf(Refusal.class);
        for (int i = 0; i < 200; i++) {
            rooms.secrets.put(one, "KEY_" + i, "x");
        }
        assertThatThrownBy(() -> rooms.secrets.put(one, "ONE_MORE", "x")).isInstanceOf(Refusal.class);
        rooms.secrets.put(one, "KEY_0", "again");
    }
}
