package ai.molecule.protocol;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What a workspace's agent is configured with: `config.yaml`, and beside it prompts and skills, all of it text.
/// The formats are those of the original's agents. A value.
///
/// What is not known is kept, and warned about; so is what is known and has no effect here.
///
/// @param files by path
/// @param settings what `config.yaml` says; of a known setting only what has its type
/// @param skills in their order
/// @param warnings what to tell whoever wrote it
public record Configuration(Map<String, String> files, ObjectNode settings, List<Skill> skills, List<String> warnings) {

    /// The file with the settings.
    public static final String MAIN = "config.yaml";

    /// How many files there may be.
    public static final int FILES_MAX = 200;

    /// How long one may be, in characters.
    public static final int FILE_LENGTH_MAX = 256 * 1024;

    /// How long all of them may be, in characters.
    public static final int LENGTH_MAX = 4 * 1024 * 1024;

    /// Nothing configured.
    public static final Configuration NONE = new Configuration(Map.of(), Json.object(), List.of(), List.of());

    /// How many MCP servers there may be.
    public static final int SERVERS_MAX = 10;

    private static final int PATH_LENGTH_MAX = 200;

    /// No part begins with a dot: credentials do.
    private static final Pattern PATH =
            Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*){0,7}");

    private static final String PROMPT_USUAL = "system-prompt.md";
    private static final Pattern SKILL = Pattern.compile("skills/([^/]+)/SKILL[.]md");
    private static final Pattern FRONT_MATTER =
            Pattern.compile("\\A---\\R(.*?)\\R---[ \\t]*(?:\\R|\\z)", Pattern.DOTALL);

    private static final YAMLMapper YAML = YAMLMapper.builder()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .build();

    private enum Type {
        TEXT("a text"),
        NUMBER("a number"),
        LIST("a list"),
        TEXTS("a list of texts"),
        MAP("a mapping");

        private final String words;

        Type(String words) {
            this.words = words;
        }

        boolean fits(JsonNode value) {
            return switch (this) {
                case TEXT -> value.isValueNode();
                case NUMBER -> value.isNumber();
                case LIST -> value.isArray();
                case TEXTS -> value.isArray() && value.valueStream().allMatch(JsonNode::isValueNode);
                case MAP -> value.isObject();
            };
        }
    }

    /// What counts.
    private static final Map<String, Type> KNOWN = Map.ofEntries(
            Map.entry("name", Type.TEXT),
            Map.entry("description", Type.TEXT),
            Map.entry("role", Type.TEXT),
            Map.entry("version", Type.TEXT),
            Map.entry("tier", Type.NUMBER),
            Map.entry("template_schema_version", Type.NUMBER),
            Map.entry("runtime", Type.TEXT),
            Map.entry("model", Type.TEXT),
            Map.entry("runtime_config", Type.MAP),
            Map.entry("env", Type.MAP),
            Map.entry("prompt_files", Type.LIST),
            Map.entry("skills", Type.LIST),
            Map.entry("mcp_servers", Type.MAP),
            Map.entry("graph", Type.MAP));

    /// What counts of `runtime_config`, but for what the agent needs.
    private static final Map<String, Type> OF_RUNTIME =
            Map.of("command", Type.TEXT, "args", Type.TEXTS, "resume_args", Type.TEXTS, "timeout", Type.NUMBER);

    /// What the original's agents know besides.
    private static final Set<String> WITHOUT_EFFECT = Set.of(
            "initial_prompt",
            "initial_prompt_file",
            "idle_prompt",
            "idle_prompt_file",
            "idle_interval_seconds",
            "plugins",
            "tools",
            "shared_context",
            "a2a",
            "delegation",
            "sandbox",
            "rbac",
            "hitl",
            "governance",
            "security_scan",
            "compliance",
            "sub_workspaces",
            "effort",
            "task_budget",
            "category_routing",
            "observability");

    public Configuration {
        files = Map.copyOf(files);
        skills = List.copyOf(skills);
        warnings = List.copyOf(warnings);
    }

    /// Reads files.
    ///
    /// @throws IllegalArgumentException when one of them cannot be what it is meant to be, with the place
    public static Configuration read(Map<String, String> files) {
        if (files.isEmpty()) {
            return NONE;
        }
        return new Reading(new TreeMap<>(files)).all();
    }

    /// True for the path that a file may have.
    public static boolean isPath(String path) {
        return path.length() <= PATH_LENGTH_MAX && PATH.matcher(path).matches();
    }

    /// A setting that is a text; empty where it is not there.
    public String text(String name) {
        return settings.path(name).asText().strip();
    }

    /// The variables without which the agent cannot work: `runtime_config.required_env` and `env.required`, each a
    /// name, or `any_of` several.
    public List<List<String>> required() {
        return Stream.of(settings.at("/runtime_config/required_env"), settings.at("/env/required"))
                .flatMap(list -> texts(list).stream())
                .toList();
    }

    /// The MCP servers whose tools the agent is to have, in their order.
    public List<McpServer> servers() {
        return settings.path("mcp_servers").properties().stream()
                .map(server -> McpServer.read(server.getKey(), server.getValue()))
                .toList();
    }

    /// The prompts, in their order.
    public List<String> prompts() {
        return promptFiles(settings).stream()
                .map(files::get)
                .filter(text -> text != null && !text.isBlank())
                .toList();
    }

    private static List<String> promptFiles(JsonNode settings) {
        return settings.has("prompt_files") ? strings(settings.path("prompt_files")) : List.of(PROMPT_USUAL);
    }

    private static List<List<String>> texts(JsonNode list) {
        var all = new ArrayList<List<String>>();
        for (var one : list) {
            var names = one.isObject() ? strings(one.path("any_of")) : List.of(one.asText());
            if (!names.isEmpty()) {
                all.add(names);
            }
        }
        return all;
    }

    private static List<String> strings(JsonNode list) {
        var all = new ArrayList<String>();
        list.forEach(one -> all.add(one.asText()));
        return all;
    }

    private static final class Reading {

        private final Map<String, String> files;
        private final List<String> warnings = new ArrayList<>();

        Reading(Map<String, String> files) {
            this.files = files;
        }

        Configuration all() {
            var settings = settings(mapping(MAIN, files.getOrDefault(MAIN, "")));
            if (settings.has("prompt_files")) {
                promptFiles(settings).stream()
                        .filter(file -> !files.containsKey(file))
                        .forEach(file -> warnings.add("prompt_files: there is no file " + file));
            }
            return new Configuration(files, settings, skills(settings), warnings);
        }

        private ObjectNode settings(ObjectNode all) {
            var settings = Json.object();
            for (var entry : all.properties()) {
                var name = entry.getKey();
                var type = KNOWN.get(name);
                if (type == null) {
                    warnings.add(name + ": is kept, "
                            + (WITHOUT_EFFECT.contains(name) ? "and has no effect here" : "but is not known"));
                } else if (!entry.getValue().isNull() && !type.fits(entry.getValue())) {
                    warnings.add(name + ": expected " + type.words + "; it is kept, and has no effect");
                } else if (!entry.getValue().isNull()) {
                    settings.set(
                            name,
                            switch (name) {
                                case "mcp_servers" -> servers(entry.getValue());
                                case "runtime_config" -> runtime(entry.getValue());
                                default -> entry.getValue();
                            });
                }
            }
            return settings;
        }

        /// What can be run, and what else it says.
        private ObjectNode runtime(JsonNode said) {
            var kept = Json.object();
            for (var entry : said.properties()) {
                var type = OF_RUNTIME.get(entry.getKey());
                if (type == null || type.fits(entry.getValue())) {
                    kept.set(entry.getKey(), entry.getValue());
                } else {
                    warnings.add("runtime_config." + entry.getKey() + ": expected " + type.words
                            + "; it is kept, and has no effect");
                }
            }
            return kept;
        }

        /// Those that can be servers.
        private ObjectNode servers(JsonNode all) {
            var servers = Json.object();
            for (var server : all.properties()) {
                try {
                    McpServer.read(server.getKey(), server.getValue());
                    if (servers.size() == SERVERS_MAX) {
                        throw new IllegalArgumentException("there are " + SERVERS_MAX + " before it");
                    }
                    servers.set(server.getKey(), server.getValue());
                } catch (IllegalArgumentException bad) {
                    warnings.add("mcp_servers." + server.getKey() + ": " + bad.getMessage()
                            + "; it is kept, and has no effect");
                }
            }
            return servers;
        }

        private List<Skill> skills(JsonNode settings) {
            var there = new TreeSet<String>();
            files.keySet().forEach(path -> {
                var skill = SKILL.matcher(path);
                if (skill.matches()) {
                    there.add(skill.group(1));
                }
            });
            var wanted = settings.has("skills") ? strings(settings.path("skills")) : List.copyOf(there);
            var skills = new ArrayList<Skill>();
            for (var id : wanted) {
                if (there.contains(id)) {
                    skills.add(skill(id));
                } else {
                    warnings.add("skills: there is no file skills/" + id + "/SKILL.md");
                }
            }
            return skills;
        }

        private Skill skill(String id) {
            var path = "skills/" + id + "/SKILL.md";
            var text = files.getOrDefault(path, "");
            var front = FRONT_MATTER.matcher(text);
            var has = front.find();
            var about = has ? mapping(path, front.group(1)) : Json.object();
            if (!has) {
                warnings.add(path + ": has no front matter with its name and description");
            }
            return new Skill(
                    id,
                    about.path("name").asText(id),
                    about.path("description").asText(),
                    strings(about.path("tags")),
                    strings(about.path("examples")),
                    about.path("runtime").asText(),
                    (has ? text.substring(front.end()) : text).strip());
        }

        private static ObjectNode mapping(String file, String yaml) {
            if (yaml.isBlank()) {
                return Json.object();
            }
            try {
                var read = YAML.readTree(yaml);
                if (read instanceof ObjectNode object) {
                    return object;
                }
                if (read.isMissingNode() || read.isNull()) {
                    return Json.object();
                }
                throw new IllegalArgumentException(file + ": expected a mapping of settings to values");
            } catch (JsonProcessingException bad) {
                var at = bad.getLocation();
                throw new IllegalArgumentException(
                        file + (at == null ? "" : ", line " + at.getLineNr() + ", column " + at.getColumnNr())
                                + ": expected YAML, but " + problem(bad.getOriginalMessage()),
                        bad);
            }
        }

        /// What is wrong, without the lines around it, which begin with a space.
        private static String problem(String text) {
            return text.lines()
                    .filter(line -> !line.isBlank() && !line.startsWith(" "))
                    .collect(Collectors.joining(", "));
        }
    }
}
