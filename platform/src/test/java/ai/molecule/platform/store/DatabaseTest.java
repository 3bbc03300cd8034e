package ai.molecule.platform.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DatabaseTest {

    private final Database database = TestPostgres.open();

    @BeforeEach
    void table() {
        database.update("create table thing (name text primary key)");
    }

    @AfterEach
    void close() {
        database.close();
    }

    private List<String> names() {
        return database.query("select name from thing order by name", row -> row.text("name"));
    }

    @Test
    void aFailureRollsEverythingBack() {
        assertThatThrownBy(() -> database.inTransaction(() -> {
                    database.update("insert into thing values (?)", "one");
                    throw new IllegalStateException("no");
                }))
                .hasMessage("no");
        assertThat(names()).isEmpty();
    }

    @Test
    void aTransactionWithinJoinsTheOneAround() {
        assertThatThrownBy(() -> database.inTransaction(() -> {
                    database.inTransaction(() -> database.update("insert into thing values (?)", "inner"));
                    throw new IllegalStateException("no");
                }))
                .hasMessage("no");
        assertThat(names()).isEmpty();
    }

    @Test
    void aSnapshotDoesNotSeeWhatCommitsMeanwhile() throws Exception {
        var seen = database.inSnapshot(() -> {
            var before = names();
            try {
                Thread.ofVirtual()
                        .start(() -> database.update("insert into thing values ('late')"))
                        .join();
            } catch (InterruptedException stopped) {
                throw new IllegalStateException(stopped);
            }
            return List.of(before, names());
        });
        assertThat(seen).containsExactly(List.of(), List.of());
        assertThat(names()).containsExactly("late");
    }

    @Test
    void anUnreachableServerIsToldFromAWrongStatement() {
        assertThatThrownBy(() -> database.update("nonsense"))
                .isInstanceOfSatisfying(
                        DatabaseException.class,
                        wrong -> assertThat(wrong.unavailable()).isFalse());
        var closed = TestPostgres.open();
        closed.close();
        assertThatThrownBy(() -> closed.update("select 1")).isInstanceOf(DatabaseException.class);
        assertThat(closed.answers()).isFalse();
    }

    @Test
    void onlyOneLeads() {
        try (var one = new LeaderLock(database, 42);
                var other = new LeaderLock(database, 42)) {
            assertThat(one.held()).isTrue();
            assertThat(other.held()).isFalse();
            one.release();
            assertThat(other.held()).isTrue();
        }
    }
}
