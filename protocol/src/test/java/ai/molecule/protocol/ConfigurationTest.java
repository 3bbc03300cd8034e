package ai.molecule.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ConfigurationTest {

    private static Configuration of(String yaml) {
        return Configuration.read(Map.of("config.yaml", yaml));
    }

    @Test
    void settingsOfTheOriginalsAgentsAreRead() {
        var read = of("""
                # who it is
                name: Reviewer
                role: reads code
                model: anthropic:claude-opus-4-7
                tier: 2
                runtime_config:
                  timeout: 0
                  required_env: [ANTHROPIC_API_KEY, {any_of: [GITHUB_TOKEN, GH_TOKEN]}]
                env:
                  required: [HOME_PAGE]
                """);
        assertThat(read.warnings()).isEmpty();
        assertThat(read.text("model")).isEqualTo("anthropic:claude-opus-4-7");
        assertThat(read.required())
                .containsExactly(
                        List.of("ANTHROPIC_API_KEY"), List.of("GITHUB_TOKEN", "GH_TOKEN"), List.of("HOME_PAGE"));
        assertThat(read.text("nothing")).isEmpty();
    }

    @Test
    void whatIsNotKnownAndWhatHasNoEffectIsKeptAndWarnedAbout() {
        var read = of("parent: Ada\nidle_prompt: look around\nmodel: [a, b]\nrole:\n");
        assertThat(read.warnings())
                .containsExactly(
                        "parent: is kept, but is not known",
                        "idle_prompt: is kept, and has no effect here",
                        "model: expected a text; it is kept, and has no effect");
        assertThat(read.text("model")).isEmpty();
        assertThat(read.files().get("config.yaml")).contains("parent: Ada");
    }

    @Test
    void whatIsNoYamlSaysWhere() {
        assertThatThrownBy(() -> of("name: a\nrole: [b\n"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("config.yaml, line 2, column ")
                .hasMessageContaining("expected ',' or ']'");
        assertThatThrownBy(() -> of("name: a\nname: b\n")).hasMessageContaining("Duplicate");
        assertThatThrownBy(() -> of("- a\n- b\n")).hasMessageContaining("expected a mapping");
        assertThat(of("# nothing but a comment\n").settings()).isEmpty();
        assertThat(of("").settings()).isEmpty();
    }

    @Test
    void skillsAndPromptsAreFilesBesideIt() {
        var files = Map.of(
                "config.yaml",
                "prompt_files: [second.md, first.md, gone.md]\nskills: [review, gone]\n",
                "first.md",
                "Be kind.",
                "second.md",
                "Be quick.",
                "skills/review/SKILL.md",
                "---\nname: Review code\ndescription: Finds faults\ntags: [code]\nruntime: claude_code\n---\nRead it twice.\n",
                "skills/idle/SKILL.md",
                "Does nothing.");
        var read = Configuration.read(files);
        assertThat(read.prompts()).containsExactly("Be quick.", "Be kind.");
        assertThat(read.warnings())
                .containsExactly(
                        "prompt_files: there is no file gone.md", "skills: there is no file skills/gone/SKILL.md");
        assertThat(read.skills())
                .containsExactly(new Skill(
                        "review",
                        "Review code",
                        "Finds faults",
                        List.of("code"),
                        List.of(),
                        "claude_code",
                        "Read it twice."));
        assertThat(read.skills().getFirst().fits("claude-code")).isTrue();
        assertThat(read.skills().getFirst().fits("hermes")).isFalse();
    }

    @Test
    void withoutAListAllSkillsCountAndTheUsualPrompt() {
        var read = Configuration.read(
                Map.of("system-prompt.md", "Be exact.", "skills/b/SKILL.md", "B", "skills/a/SKILL.md", "A"));
        assertThat(read.prompts()).containsExactly("Be exact.");
        assertThat(read.skills()).extracting(Skill::id).containsExactly("a", "b");
        assertThat(read.warnings()).hasSize(2).allMatch(warning -> warning.contains("no front matter"));
    }

    @Test
    void noPathLeavesTheDirectoryOrNamesACredential() {
        for (var good : List.of("config.yaml", "skills/a/SKILL.md", "a-b_c.d/e")) {
            assertThat(Configuration.isPath(good)).as(good).isTrue();
        }
        for (var bad : List.of("", "/a", "a/", "a//b", "../a", "a/../b", ".auth_token", "a/.b", "a b", "a\\b", "a\n")) {
            assertThat(Configuration.isPath(bad)).as(bad).isFalse();
        }
        assertThat(Configuration.isPath("a".repeat(201))).isFalse();
    }

    @Test
    void serversThatCannotBeAreKeptAndWarnedAbout() {
        var read = Configuration.read(Map.of("config.yaml", """
                mcp_servers:
                  tickets: {url: "https://tickets/mcp?key=${KEY}", headers: {Authorization: "Bearer ${TOKEN} ${KEY}"}}
                  sheets: {command: uvx, args: [sheets, 3], env: {A: b}}
                  both: {url: "https://x", command: y}
                  neither: {}
                  file: {url: "file:///etc/passwd"}
                  nested: {command: x, args: [[y]]}
                  bad_name: {command: x}
                  molecule: {url: "https://not-ours"}
                  shown: {command: x, args: ["--key=${KEY}"]}
                """));
        assertThat(read.servers())
                .containsExactly(
                        new McpServer(
                                "tickets",
                                "https://tickets/mcp?key=${KEY}",
                                Map.of("Authorization", "Bearer ${TOKEN} ${KEY}"),
                                List.of(),
                                Map.of()),
                        new McpServer("sheets", "", Map.of(), List.of("uvx", "sheets", "3"), Map.of("A", "b")));
        assertThat(read.warnings())
                .hasSize(7)
                .allMatch(warning -> warning.startsWith("mcp_servers.") && warning.endsWith("has no effect"));
        var tickets = read.servers().getFirst();
        assertThat(tickets.missing(Map.of("KEY", "k$1"))).containsExactly("TOKEN");
        assertThat(tickets.with(Map.of("KEY", "k$1", "TOKEN", "t")).url()).isEqualTo("https://tickets/mcp?key=k$1");
        assertThat(tickets.with(Map.of("KEY", "k", "TOKEN", "t")).headers()).containsValue("Bearer t k");
    }

    @Test
    void whatCannotBeRunIsWarnedAboutAndHasNoEffect() {
        var read = Configuration.read(Map.of("config.yaml", """
                runtime_config:
                  command: python3
                  args: [agent.py, 2, {a: b}]
                  resume_args: agent.py
                  timeout: soon
                  models: [{id: kept}]
                """));
        assertThat(read.warnings())
                .containsExactly(
                        "runtime_config.args: expected a list of texts; it is kept, and has no effect",
                        "runtime_config.resume_args: expected a list of texts; it is kept, and has no effect",
                        "runtime_config.timeout: expected a number; it is kept, and has no effect");
        assertThat(read.settings().path("runtime_config").toString())
                .isEqualTo("{\"command\":\"python3\",\"models\":[{\"id\":\"kept\"}]}");
    }
}
