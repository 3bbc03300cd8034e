package ai.molecule.agent;

import ai.molecule.protocol.Message;
import java.time.Duration;
import java.time.Instant;

/// Stands for a command that is at work: whoever asks hears how long it has been.
final class RunEngine implements Engine {

    private final String command;
    private final Instant began = Instant.now();

    RunEngine(String command) {
        this.command = command;
    }

    @Override
    public String runtime() {
        return "run";
    }

    @Override
    public String description() {
        return "Runs " + command + " and leaves";
    }

    @Override
    public void work(Message message, Work work) {
        var seconds = Duration.between(began, Instant.now()).toSeconds();
        work.write(command + " has been running for " + seconds + " s", true);
        work.complete();
    }
}
