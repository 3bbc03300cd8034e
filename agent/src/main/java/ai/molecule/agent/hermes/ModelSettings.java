package ai.molecule.agent.hermes;

import java.net.URI;
import java.util.ArrayList;
import java.util.Map;

/// Which model, where, and with what key.
///
/// @param url where its server takes chat completions, without that path
/// @param key what it is shown; empty for servers that want none
record ModelSettings(URI url, String key, String model) {

    private static final String PROVIDER = "openai:";
    private static final String URL_DEFAULT = "https://api.openai.com/v1";

    /// Reads what the workspace is and what its agent has.
    ///
    /// @param wanted the workspace's model; where it has none, `MODEL` counts
    /// @throws IllegalArgumentException with everything that is missing or wrong, one a line, without a value of
    /// a key
    static ModelSettings read(String wanted, Map<String, String> values) {
        var faults = new ArrayList<String>();
        var model = (wanted.isBlank() ? values.getOrDefault("MODEL", "") : wanted).strip();
        if (model.isEmpty()) {
            faults.add("model: expected the name of one; set \"model\" of the workspace");
        } else if (model.matches("(anthropic|gemini|google_genai|google):.*")) {
            faults.add("model: expected one behind OpenAI's protocol, but found " + model);
        }
        var key = values.getOrDefault("OPENAI_API_KEY", "").strip();
        var url = values.getOrDefault("OPENAI_BASE_URL", "").strip();
        if (key.isEmpty() && url.isEmpty()) {
            faults.add("OPENAI_API_KEY: expected this secret, or OPENAI_BASE_URL of a server that wants no key");
        }
        if (!url.isEmpty() && !url.matches("https?://[^/\\s]+\\S*")) {
            faults.add("OPENAI_BASE_URL: expected http://host/v1 or https://host/v1");
        }
        if (!faults.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", faults));
        }
        return new ModelSettings(
                URI.create(url.isEmpty() ? URL_DEFAULT : url.replaceFirst("/+$", "")),
                key,
                model.startsWith(PROVIDER) ? model.substring(PROVIDER.length()) : model);
    }

    @Override
    public String toString() {
        return model + " at " + url;
    }
}
