package ai.molecule.agent.model;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Whose protocol a model is asked in.
enum Provider {
    /// Chat completions, as OpenAI and most others speak them; the address with `/v1`.
    OPENAI("OPENAI_API_KEY", "OPENAI_BASE_URL", "https://api.openai.com/v1", "", List.of("openai")),
    /// Messages; the address without `/v1`, as Anthropic's own programs take it.
    ANTHROPIC(
            "ANTHROPIC_API_KEY",
            "ANTHROPIC_BASE_URL",
            "https://api.anthropic.com",
            "/v1/",
            List.of("anthropic", "claude")),
    /// Gemini's `generateContent`; the address without `/v1beta`.
    GEMINI(
            "GEMINI_API_KEY",
            "GEMINI_BASE_URL",
            "https://generativelanguage.googleapis.com",
            "/v1beta",
            List.of("gemini", "google_genai", "google"));

    private final String keyName;
    private final String urlName;
    private final String urlDefault;
    private final String path;
    private final List<String> names;

    Provider(String keyName, String urlName, String urlDefault, String path, List<String> names) {
        this.keyName = keyName;
        this.urlName = urlName;
        this.urlDefault = urlDefault;
        this.path = path;
        this.names = names;
    }

    /// The one that a model names in front of it, `provider:model`; else, for a model that only one provider has, and
    /// unless a server of chat completions is set, that one.
    static Provider of(String model, Map<String, String> values) {
        return named(model).orElseGet(() -> {
            if (!values.getOrDefault(OPENAI.urlName, "").isBlank()) {
                return OPENAI;
            }
            return model.startsWith("claude-") ? ANTHROPIC : model.startsWith("gemini-") ? GEMINI : OPENAI;
        });
    }

    private static Optional<Provider> named(String model) {
        var colon = model.indexOf(':');
        return colon < 0
                ? Optional.empty()
                : Arrays.stream(values())
                        .filter(one -> one.names.contains(model.substring(0, colon)))
                        .findFirst();
    }

    /// A model without its provider in front.
    static String bare(String model) {
        return named(model).isPresent() ? model.substring(model.indexOf(':') + 1) : model;
    }

    /// The secret that holds its key.
    String keyName() {
        return keyName;
    }

    /// The secret, or variable, that holds its address.
    String urlName() {
        return urlName;
    }

    /// Where it is asked.
    ///
    /// @param set as somebody set it; empty for the provider's own
    String url(String set) {
        var url = (set.isEmpty() ? urlDefault : set).replaceFirst("/+$", "");
        var without = path.isEmpty() ? url : url.replaceFirst("/v1(beta)?$", "");
        return without + path;
    }
}
