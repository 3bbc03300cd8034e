package ai.molecule.platform.workspace;

import ai.molecule.protocol.WireException;
import ai.molecule.protocol.WorkspaceId;
import org.jspecify.annotations.Nullable;

/// Where a workspace stands in the organisation and on the canvas.
///
/// @param x pixels from the left edge of its parent's card, or of the canvas for a root
/// @param y pixels from the top edge, likewise
/// @param collapsed true when its children are folded away
public record Place(@Nullable WorkspaceId parent, double x, double y, boolean collapsed) {

    private static final double FAR = 1e7;

    public Place {
        checkReach(x, y);
    }

    /// Refuses a point that no canvas reaches.
    static void checkReach(double x, double y) {
        if (!(Math.abs(x) <= FAR && Math.abs(y) <= FAR)) {
            throw new WireException("Expected \"x\" and \"y\" between -" + FAR + " and " + FAR);
        }
    }
}
