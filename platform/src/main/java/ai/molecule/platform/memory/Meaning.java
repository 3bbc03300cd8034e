package ai.molecule.platform.memory;

import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.onnx.allminilml6v2q.AllMiniLmL6V2QuantizedEmbeddingModel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What texts mean, as places in a space of 384 dimensions where near is alike: all-MiniLM-L6-v2, quantised, in
/// this process and from its own jar. Loaded when it is first needed. On a machine where it cannot be loaded,
/// nothing has a meaning, and words are all that is searched for.
public final class Meaning {

    private static final Logger LOG = LoggerFactory.getLogger(Meaning.class);

    private static final int DIMENSIONS = 384;

    private final Path cache;
    private final ReentrantLock loading = new ReentrantLock();
    private volatile @Nullable EmbeddingModel model;
    private volatile boolean unavailable;

    /// @param cache where native code is unpacked to
    public Meaning(Path cache) {
        this.cache = cache;
    }

    /// A text's place; empty where there is no model. What means nothing to the model is near to nothing.
    Optional<float[]> of(String text) {
        return loaded().map(found -> {
            try {
                return found.embed(text).content().vector();
            } catch (RuntimeException meaningless) {
                LOG.debug("A text means nothing to the model", meaningless);
                return new float[DIMENSIONS];
            }
        });
    }

    private Optional<EmbeddingModel> loaded() {
        if (model != null || unavailable) {
            return Optional.ofNullable(model);
        }
        loading.lock();
        try {
            if (model == null && !unavailable) {
                // Where the tokenizer's library unpacks its native code.
                System.setProperty("DJL_CACHE_DIR", cache.toString());
                System.setProperty("OPT_OUT_TRACKING", "true");
                model = new AllMiniLmL6V2QuantizedEmbeddingModel(Runnable::run);
            }
        } catch (RuntimeException | LinkageError notHere) {
            unavailable = true;
            LOG.warn(
                    "Memories are searched for by their words only: no model for their meaning on this machine",
                    notHere);
        } finally {
            loading.unlock();
        }
        return Optional.ofNullable(model);
    }

    /// How near two places are, from -1 to 1; both have length 1.
    static double nearness(float[] one, byte[] other) {
        var floats = ByteBuffer.wrap(other).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
        if (floats.remaining() != one.length) {
            return -1;
        }
        var sum = 0.0;
        for (int i = 0; i < one.length; i++) {
            sum += one[i] * floats.get(i);
        }
        return sum;
    }

    /// A place as it is kept.
    static byte[] bytes(float[] place) {
        var buffer = ByteBuffer.allocate(place.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        buffer.asFloatBuffer().put(place);
        return buffer.array();
    }
}
