package ai.molecule.platform.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.molecule.platform.TurnedClock;
import ai.molecule.platform.store.Database;
import ai.molecule.platform.store.TestPostgres;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.WorkspaceId;
import java.util.concurrent.Executors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class JournalTest {

    private final Database database = TestPostgres.open();
    private final Journal journal = new Journal(database, new TurnedClock());

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void numbersAreGapFreeAlsoWhenManyWriteAndSomeFail() {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 200; i++) {
                var fails = i % 5 == 0;
                threads.execute(() -> append(fails));
            }
        }
        var facts = journal.after(0, 1000);
        assertThat(facts.stream().map(Fact::seq))
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, 160).boxed().toList());
        assertThat(journal.last()).isEqualTo(160);
        assertThat(journal.firstBroken()).isZero();
    }

    private void append(boolean fails) {
        try {
            database.inTransaction(() -> {
                journal.append(Event.TASK_UPDATED, WorkspaceId.random(), Json.object());
                if (fails) {
                    throw new IllegalArgumentException("rolled back");
                }
                return true;
            });
        } catch (IllegalArgumentException expected) {
            assertThat(fails).isTrue();
        }
    }

    @Test
    void factsCannotBeChanged() {
        journal.append(Event.WORKSPACE_ONLINE, WorkspaceId.random(), Json.object());
        assertThatThrownBy(() -> database.update("update journal set event = 'x'"))
                .rootCause()
                .hasMessageContaining("append-only");
        assertThatThrownBy(() -> database.update("delete from journal"))
                .rootCause()
                .hasMessageContaining("append-only");
    }

    @Test
    void aFactThatWasTamperedWithIsFound() {
        for (int i = 0; i < 3; i++) {
            journal.append(
                    Event.WORKSPACE_ONLINE, WorkspaceId.random(), Json.object().put("n", i));
        }
        database.update("alter table journal disable trigger all");
        database.update("update journal set payload = '{}' where seq = 2");
        assertThat(journal.firstBroken()).isEqualTo(2);
    }
}
