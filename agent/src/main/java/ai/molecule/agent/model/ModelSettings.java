package ai.molecule.agent.model;

import java.net.URI;
import java.util.ArrayList;
import java.util.Map;

/// Which model, whose, where, and with what key.
///
/// @param url where its server is asked, without the operation's own path
/// @param key what it is shown; empty for servers that want none
record ModelSettings(Provider provider, URI url, String key, String model) {

    /// Reads what the workspace is and what its agent has.
    ///
    /// @param wanted the model that is set; where there is none, `MODEL` or `MODEL_PROVIDER` counts
    /// @throws IllegalArgumentException with everything that is missing or wrong, one a line, without a value of
    /// a key
    static ModelSettings read(String wanted, Map<String, String> values) {
        var faults = new ArrayList<String>();
        var model = (wanted.isBlank()
                        ? values.getOrDefault("MODEL", values.getOrDefault("MODEL_PROVIDER", ""))
                        : wanted)
                .strip();
        var provider = Provider.of(model, values);
        var bare = Provider.bare(model).strip();
        if (bare.isEmpty()) {
            faults.add("model: expected the name of one; set \"model\" of the workspace");
        }
        var key = values.getOrDefault(provider.keyName(), "").strip();
        var url = values.getOrDefault(provider.urlName(), "").strip();
        if (key.isEmpty() && url.isEmpty()) {
            faults.add(provider.keyName() + ": expected this secret, or " + provider.urlName()
                    + " of a server that wants no key");
        }
        if (!url.isEmpty() && !url.matches("https?://[^/\\s]+\\S*")) {
            faults.add(provider.urlName() + ": expected http://host or https://host"
                    + (provider == Provider.OPENAI ? ", with /v1" : ""));
        }
        if (!faults.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", faults));
        }
        return new ModelSettings(provider, URI.create(provider.url(url)), key, bare);
    }

    @Override
    public String toString() {
        return model + " at " + url;
    }
}
