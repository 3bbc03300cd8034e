package ai.molecule.platform.store;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An array parameter, for statements that change many rows at once through `unnest`.
///
/// @param type the element's type as PostgreSQL names it
public record SqlArray(String type, List<? extends @Nullable Object> values) {

    public SqlArray {
        values = Collections.unmodifiableList(new ArrayList<>(values));
    }
}
