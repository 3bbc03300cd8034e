package ai.molecule.platform.store;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// One row of a result, read by column name. A null where none is allowed is a bug and says which column.
public final class Row {

    private final ResultSet set;

    Row(ResultSet set) {
        this.set = set;
    }

    public String text(String column) {
        return present(column, read(column, String.class));
    }

    public @Nullable String textOrNull(String column) {
        return read(column, String.class);
    }

    public UUID uuid(String column) {
        return present(column, read(column, UUID.class));
    }

    public @Nullable UUID uuidOrNull(String column) {
        return read(column, UUID.class);
    }

    public long number(String column) {
        return present(column, read(column, Number.class)).longValue();
    }

    public @Nullable Long numberOrNull(String column) {
        var number = read(column, Number.class);
        return number == null ? null : number.longValue();
    }

    public int count(String column) {
        return Math.toIntExact(number(column));
    }

    public double decimal(String column) {
        return present(column, read(column, Double.class));
    }

    public boolean flag(String column) {
        return present(column, read(column, Boolean.class));
    }

    public Instant instant(String column) {
        return present(column, instantOrNull(column));
    }

    public @Nullable Instant instantOrNull(String column) {
        var at = read(column, OffsetDateTime.class);
        return at == null ? null : at.toInstant();
    }

    public byte[] bytes(String column) {
        return present(column, read(column, byte[].class));
    }

    private <T> @Nullable T read(String column, Class<T> type) {
        try {
            var value =
                    type == OffsetDateTime.class ? set.getObject(column, OffsetDateTime.class) : set.getObject(column);
            return value == null ? null : type.cast(value);
        } catch (SQLException | ClassCastException bug) {
            throw new DatabaseException("Expected column " + column + " as " + type.getSimpleName(), bug);
        }
    }

    private static <T> T present(String column, @Nullable T value) {
        if (value == null) {
            throw new IllegalStateException("Expected a value in column " + column + ", but found null");
        }
        return value;
    }
}
