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

    /// The last lines of a container, oldest first; at most the last mebibyte.
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
                                bytes.writeBytes(frame.getPayload());
                                if (bytes.size() > 2 * BYTES_MAX) {
                                    keepLast(bytes);
                                }
                            }
                        })
                        .awaitCompletion());
        keepLast(bytes);
        return bytes.toString(StandardCharsets.UTF_8).lines().toList();
    }

    private static void keepLast(ByteArrayOutputStream bytes) {
        var all = bytes.toByteArray();
        bytes.reset();
        bytes.write(all, Math.max(0, all.length - BYTES_MAX), Math.min(all.length, BYTES_MAX));
    }
}
