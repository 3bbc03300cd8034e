package ai.molecule.protocol;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// An MCP server (Model Context Protocol 2025-11-25) whose tools an agent is to have, as `mcp_servers` of
/// `config.yaml` names it: one to be reached over streamable HTTP, or a command to be started. Its texts may name
/// secrets, as `${NAME}`.
///
/// @param url where it is reached; empty for a command
/// @param headers what it is sent besides
/// @param command the program and its arguments; empty for one that is reached
/// @param environment what the program finds in its environment besides
public record McpServer(
        String name, String url, Map<String, String> headers, List<String> command, Map<String, String> environment) {

    /// The name of the server with the platform's own tools.
    public static final String PLATFORM = "molecule";

    /// What a name may be: part of the names of its tools.
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9-]{0,31}");

    private static final Pattern SECRET = Pattern.compile("\\$\\{([A-Za-z_][A-Za-z0-9_]*)}");

    public McpServer {
        headers = Map.copyOf(headers);
        command = List.copyOf(command);
        environment = Map.copyOf(environment);
    }

    /// Reads one.
    ///
    /// @throws IllegalArgumentException when it cannot be one
    static McpServer read(String name, JsonNode said) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("expected a name of at most 32 letters, digits and -");
        }
        if (name.equals(PLATFORM)) {
            throw new IllegalArgumentException("this is the name of the platform's own");
        }
        var url = said.path("url").asText();
        var program = said.path("command").asText();
        if (!said.isObject() || url.isEmpty() == program.isEmpty()) {
            throw new IllegalArgumentException("expected \"url\", or \"command\" with \"args\"");
        }
        if (!url.isEmpty() && !url.matches("https?://[^/\\s]+\\S*")) {
            throw new IllegalArgumentException("expected http://host or https://host as its url");
        }
        var command = new ArrayList<String>();
        if (!program.isEmpty()) {
            command.add(program);
            for (var argument : said.path("args")) {
                if (!argument.isValueNode()) {
                    throw new IllegalArgumentException("expected texts as its args");
                }
                if (SECRET.matcher(argument.asText()).find()) {
                    throw new IllegalArgumentException(
                            "expected secrets in its env, for everybody on its machine sees its args");
                }
                command.add(argument.asText());
            }
        }
        return new McpServer(name, url, texts(said, "headers"), command, texts(said, "env"));
    }

    private static Map<String, String> texts(JsonNode said, String field) {
        var texts = new LinkedHashMap<String, String>();
        for (var one : said.path(field).properties()) {
            if (!one.getValue().isValueNode()) {
                throw new IllegalArgumentException("expected texts as its " + field);
            }
            texts.put(one.getKey(), one.getValue().asText());
        }
        return texts;
    }

    /// The secrets that its texts name, and that are not there; sorted.
    public List<String> missing(Map<String, String> secrets) {
        var missing = new TreeSet<String>();
        Stream.of(Stream.of(url), headers.values().stream(), command.stream(), environment.values().stream())
                .flatMap(texts -> texts)
                .forEach(text -> SECRET.matcher(text)
                        .results()
                        .map(found -> found.group(1))
                        .filter(name -> secrets.getOrDefault(name, "").isBlank())
                        .forEach(missing::add));
        return List.copyOf(missing);
    }

    /// The same with secrets in its texts.
    public McpServer with(Map<String, String> secrets) {
        UnaryOperator<String> filled = text -> SECRET.matcher(text)
                .replaceAll(found -> Matcher.quoteReplacement(valueOf(secrets.get(found.group(1)))));
        return new McpServer(
                name,
                filled.apply(url),
                filled(headers, filled),
                command.stream().map(filled).toList(),
                filled(environment, filled));
    }

    private static String valueOf(@Nullable String secret) {
        return secret == null ? "" : secret;
    }

    private static Map<String, String> filled(Map<String, String> texts, UnaryOperator<String> fill) {
        var all = new LinkedHashMap<String, String>();
        texts.forEach((name, text) -> all.put(name, fill.apply(text)));
        return all;
    }
}
