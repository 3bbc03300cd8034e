package ai.molecule.platform.backend.docker;

import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.BackendRefusedException;
import ai.molecule.platform.backend.StartOrder;
import ai.molecule.protocol.Configuration;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/// What an agent is configured with, as files of its volume, which outlives its containers. The engine's API writes
/// files and deletes none: one that is not configured any more becomes empty.
final class ConfigFiles {

    /// The names of those that were written last, a line each. The agent may change it: what it names is checked.
    private static final String NAMES = ".configuration";

    private static final int NAMES_BYTES_MAX = 256 * 1024;

    private final Shelf shelf;

    ConfigFiles(Shelf shelf) {
        this.shelf = shelf;
    }

    /// What is to be written into a container that does not run yet.
    Map<String, String> of(String container, StartOrder order) throws BackendException {
        var files = new LinkedHashMap<String, String>();
        written(container)
                .lines()
                .filter(Configuration::isPath)
                .limit(Configuration.FILES_MAX)
                .forEach(path -> files.put(path, ""));
        if (files.isEmpty() && order.configuration().isEmpty()) {
            return Map.of();
        }
        files.putAll(new TreeMap<>(order.configuration()));
        files.put(NAMES, String.join("\n", order.configuration().keySet()));
        return files;
    }

    /// The names that were written last; empty for none, and for what the agent made of them.
    private String written(String container) throws BackendException {
        try {
            return new String(
                    shelf.read(container, Shelf.CONFIGS + "/" + NAMES, NAMES_BYTES_MAX), StandardCharsets.UTF_8);
        } catch (BackendRefusedException refused) {
            if (refused.status() >= 500) {
                throw refused;
            }
            return "";
        }
    }
}
