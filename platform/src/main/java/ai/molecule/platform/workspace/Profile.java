package ai.molecule.platform.workspace;

import ai.molecule.platform.backend.HostAccess;
import ai.molecule.protocol.WireException;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.regex.Pattern;

/// What a workspace is: its name and role in the organisation, its size, what its agent is made of and where
/// that runs.
///
/// @param model what its agent thinks with, as `provider:model` or just the model; empty where nobody said
/// @param backend a backend's name, or `external`
/// @param host what of its machine the agent gets
/// @param metadata whatever its owner wants to keep with it, an object
public record Profile(
        String name,
        String role,
        Tier tier,
        String runtime,
        String model,
        String backend,
        int maxConcurrentTasks,
        HostAccess host,
        JsonNode metadata) {

    static final int NAME_LENGTH_MAX = 255;
    static final int ROLE_LENGTH_MAX = 1000;
    static final int RUNTIME_LENGTH_MAX = 100;
    static final int MODEL_LENGTH_MAX = 200;
    static final int METADATA_BYTES_MAX = 16 * 1024;
    static final int TASKS_MAX = 1000;

    private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");
    private static final Pattern MARKUP = Pattern.compile("[{}\\[\\]|>*&!]");
    private static final Pattern WORD = Pattern.compile("[a-z0-9][a-z0-9_.-]*");

    /// Providers' names: letters, digits, and what paths, versions and tags are made of.
    private static final Pattern MODEL = Pattern.compile("[A-Za-z0-9._:/@+~-]*");

    /// The backend of workspaces whose agent nobody here runs.
    public static final String EXTERNAL = "external";

    public Profile {
        name = name.strip();
        if (name.isEmpty()) {
            throw new WireException("Expected \"name\", but found nothing");
        }
        checkText("name", name, NAME_LENGTH_MAX);
        checkText("role", role, ROLE_LENGTH_MAX);
        if (runtime.length() > RUNTIME_LENGTH_MAX || !WORD.matcher(runtime).matches()) {
            throw new WireException("Expected \"runtime\" to be a short lower-case word");
        }
        if (model.length() > MODEL_LENGTH_MAX || !MODEL.matcher(model).matches()) {
            throw new WireException("Expected \"model\" to be the name of one, such as openai:gpt-5-mini, of at most "
                    + MODEL_LENGTH_MAX + " characters");
        }
        if (maxConcurrentTasks < 1 || maxConcurrentTasks > TASKS_MAX) {
            throw new WireException("Expected \"max_concurrent_tasks\" to be between 1 and " + TASKS_MAX);
        }
        if (backend.equals(EXTERNAL) && !host.equals(HostAccess.NONE)) {
            throw new WireException(
                    "Expected an external workspace to have nothing of this machine, but found \"workspace_dir\" or \"privileged\"");
        }
        var text = metadata.toString();
        if (!metadata.isObject() || text.length() > METADATA_BYTES_MAX || text.contains("\\u0000")) {
            throw new WireException(
                    "Expected \"metadata\" to be an object of at most " + METADATA_BYTES_MAX + " characters");
        }
    }

    /// True when the agent runs on hardware that the platform does not own.
    public boolean external() {
        return backend.equals(EXTERNAL);
    }

    /// Where in the world its owner wants the agent, `metadata.region`; empty for anywhere.
    public String region() {
        return metadata.path("region").asText("").strip();
    }

    private static void checkText(String field, String text, int lengthMax) {
        if (text.length() > lengthMax) {
            throw new WireException("Expected \"" + field + "\" to have at most " + lengthMax
                    + " characters, but found " + text.length());
        }
        if (CONTROL.matcher(text).find()) {
            throw new WireException("Expected \"" + field + "\" to be one line without control characters");
        }
        if (MARKUP.matcher(text).find()) {
            throw new WireException("Expected \"" + field + "\" to hold none of {}[]|>*&!");
        }
    }
}
