package ai.molecule.platform.backend.docker;

import ai.molecule.platform.backend.BackendException;
import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.model.Frame;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// What containers wrote.
final class Logs {

    private static final int BYTES_MAX = 1 << 20;

    private final Engine engine;

    Logs(Engine engine) {
        this.engine = engine;
    }

    /// The last lines of a container, oldest first; at most a mebibyte.
    List<String> tail(String container, int lines) throws BackendException {
        var bytes = new ByteArrayOutputStream();
        engine.ask(
                "read the log",
                () -> engine.client()
                        .logContainerCmd(container)
                        .withStdOut(true)
                        .withStdErr(true)
                        .withTail(lines)
                        .exec(new ResultCallback.Adapter<Frame>() {
                            @Override
                            public void onNext(Frame frame) {
                                if (bytes.size() < BYTES_MAX) {
                                    bytes.writeBytes(frame.getPayload());
                                }
                            }
                        })
                        .awaitCompletion());
        return bytes.toString(StandardCharsets.UTF_8).lines().toList();
    }
}
