package ai.molecule.agent.uplink;

/// Takes what a line brings, one frame after the other.
interface Inbox {

    /// A whole frame.
    void frame(String text);

    /// A sign of life without a frame.
    void alive();
}
