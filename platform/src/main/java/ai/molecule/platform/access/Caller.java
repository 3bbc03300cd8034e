package ai.molecule.platform.access;

import ai.molecule.protocol.WorkspaceId;

/// Who is calling, as proven by what it showed.
public sealed interface Caller {

    /// The operator: holder of the admin token, or of a session that began with it.
    record Admin(boolean session) implements Caller {}

    /// The agent that does a workspace's work.
    ///
    /// @param epoch which life of the agent the platform knew when the token was looked up
    record Agent(WorkspaceId workspace, long epoch) implements Caller {}

    /// Somebody who may register once as a workspace's agent, and nothing else.
    record Enrolled(WorkspaceId workspace) implements Caller {}
}
