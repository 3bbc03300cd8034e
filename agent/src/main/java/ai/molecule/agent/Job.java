package ai.molecule.agent;

import java.io.IOException;
import java.util.List;

/// A command that is run once, while its agent is in the organisation.
final class Job {

    private Job() {}

    /// Runs it, and has the agent leave with what came of it.
    ///
    /// @return its exit code, or why the agent was sent away before it began
    static int run(RemoteAgent agent, List<String> command) throws InterruptedException, IOException {
        if (!agent.awaitJoined()) {
            return agent.awaitEnd();
        }
        var builder = new ProcessBuilder(command).inheritIO();
        builder.environment().remove(RemoteAgent.ENROLMENT);
        builder.environment().putAll(agent.requiredSecrets());
        var process = builder.start();
        var stopping = new Thread(() -> {
            process.descendants().forEach(ProcessHandle::destroy);
            process.destroy();
        });
        Runtime.getRuntime().addShutdownHook(stopping);
        var code = process.waitFor();
        try {
            agent.leave(code == 0 ? "success" : "failure", code);
        } catch (IOException untold) {
            System.err.println("the platform does not know that this run is over: " + untold.getMessage());
        }
        return code;
    }
}
