package ai.molecule.platform.backend;

import ai.molecule.protocol.WorkspaceId;
import java.net.URI;

/// What is to be started.
///
/// @param generation counts the starts of a workspace's agent
/// @param platformUrl how the agent reaches the platform
/// @param enrolment the secret with which the agent registers, once
public record StartOrder(
        WorkspaceId workspace, long generation, String runtime, Size size, URI platformUrl, String enrolment) {

    @Override
    public String toString() {
        return "start " + runtime + " of workspace " + workspace + ", generation " + generation;
    }
}
