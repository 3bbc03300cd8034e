package ai.molecule.platform.live;

import ai.molecule.protocol.WorkspaceId;
import java.time.Duration;

/// Somebody who looks: what it may see, and how it is told.
public interface Viewer {

    /// True for the operator, who sees every field.
    boolean operator();

    /// True while what it showed to be let in is good.
    boolean welcome();

    /// True when it may see a workspace.
    boolean sees(WorkspaceId workspace);

    /// Hands over one text frame; blocks while the viewer is slow.
    ///
    /// @throws RuntimeException when the viewer is gone
    void show(String frame);

    /// Asks whether the viewer is still there; its answer keeps the connection from counting as idle.
    void ping();

    /// Cuts the viewer off; the reason tells it to come back.
    void cut(String reason);

    /// How often it is asked.
    Duration silence();
}
