package ai.molecule.fly;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/// Machines with nothing behind them: they boot, stop and end when they are told to.
final class Imaginary implements Runner {

    @Override
    public void boot(Boot boot, Consumer<Exit> ended) {}

    @Override
    public void freeze(String machine) {}

    @Override
    public void thaw(String machine) {}

    @Override
    public void stop(String machine, String signal, Duration patience) {}

    @Override
    public void signal(String machine, String signal) {}

    @Override
    public Executed exec(String machine, List<String> command, String input, Duration patience) {
        return new Executed(0, "", "");
    }

    @Override
    public List<String> log(String machine) {
        return List.of();
    }

    @Override
    public void forget(String machine) {}

    @Override
    public void forgetVolume(String volume) {}

    @Override
    public boolean real() {
        return false;
    }

    @Override
    public void close() {}
}
