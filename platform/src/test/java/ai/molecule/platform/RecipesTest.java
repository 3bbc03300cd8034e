package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;

import ai.molecule.platform.admission.LocalIssuer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The recipes for pipelines: their shell steps, run as their CI would run them.
class RecipesTest {

    private static final Path RECIPES =
            Path.of("../docs/examples").toAbsolutePath().normalize();
    private static final Pattern DELIMITED =
            Pattern.compile("^(\\w+)<<(\\S+)\\n(.*?)\\n\\2$|^(\\w+)=([^\\n]*)$", Pattern.MULTILINE | Pattern.DOTALL);
    private static final Pattern SH = Pattern.compile("sh '''(.*?)'''", Pattern.DOTALL);

    private static TestHouse house;
    private static LocalIssuer issuer;

    @TempDir
    private Path directory;

    private final String mark = UUID.randomUUID().toString();

    @BeforeAll
    static void open() throws Exception {
        house = TestHouse.open();
        issuer = LocalIssuer.open();
        house.post("/settings/secrets", "{\"key\":\"NPM_TOKEN\",\"value\":\"sixteen letters!\"}");
    }

    @AfterAll
    static void close() {
        issuer.close();
        house.close();
    }

    private static String platform() {
        return house.url().toString().replaceFirst("/$", "");
    }

    private static TestHouse.Heard rule(String fields) throws Exception {
        var rule = house.post("/join-rules", "{\"name\":\"CI\",\"secrets\":[\"NPM_TOKEN\"]" + fields + "}");
        assertThat(rule.status()).as(rule.body().toString()).isEqualTo(201);
        return rule;
    }

    private static TestHouse.Heard ruleByIdentity(String claims) throws Exception {
        return rule(",\"issuer\":\"" + issuer.url() + "\",\"claims\":" + claims);
    }

    /// Runs one step; gives what it printed.
    private String step(String script, Map<String, String> environment) throws Exception {
        var output = Files.createTempFile(directory, "step", ".out");
        var builder = new ProcessBuilder("bash", "-eo", "pipefail", "-c", script)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().putAll(environment);
        builder.environment().put("MOLECULE_URL", platform());
        builder.environment().put("JOB_MARK", mark);
        var running = builder.start();
        assertThat(running.waitFor(60, TimeUnit.SECONDS)).as(script).isTrue();
        var printed = Files.readString(output);
        assertThat(running.exitValue()).as("%s\n%s", script, printed).isZero();
        return printed;
    }

    private static JsonNode onlyRun(TestHouse.Heard rule) throws Exception {
        var runs = house.get("/join-rules/" + rule.text("id") + "/runs").body().path("runs");
        assertThat(runs).hasSize(1);
        return runs.path(0);
    }

    private static void assertLeft(JsonNode run, String result, String branch) {
        assertThat(run.path("status").asText()).isEqualTo("removed");
        assertThat(run.path("ended_because").asText()).isEqualTo("its agent left");
        assertThat(run.path("result").asText()).isEqualTo(result);
        assertThat(run.path("labels").path("branch").asText()).isEqualTo(branch);
        assertThat(run.path("labels").path("run_url").asText()).startsWith("https://");
    }

    /// Ends what steps left running in the background, as a CI does with its job: by a mark in their environment.
    @AfterEach
    void endJob() {
        ProcessHandle.allProcesses().filter(this::ofThisJob).forEach(ProcessHandle::destroyForcibly);
    }

    private boolean ofThisJob(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc/" + process.pid() + "/environ"), StandardCharsets.ISO_8859_1)
                    .contains("JOB_MARK=" + mark);
        } catch (IOException goneOrNotOurs) {
            return false;
        }
    }

    @Test
    void githubActions() throws Exception {
        var rule = ruleByIdentity("{\"repository\":\"org/repo\",\"run_id\":\"4711\"}");
        var workflow =
                new YAMLMapper().readTree(RECIPES.resolve("github-actions.yml").toFile());
        assertThat(workflow.path("permissions").path("id-token").asText()).isEqualTo("write");
        var kept = directory.resolve("github-env");
        Files.createFile(kept);
        var environment = new HashMap<>(Map.of(
                "GITHUB_ENV", kept.toString(),
                "GITHUB_RUN_ID", "4711",
                "GITHUB_RUN_ATTEMPT", "1",
                "GITHUB_RUN_NUMBER", "12",
                "GITHUB_JOB", "build",
                "GITHUB_REPOSITORY", "org/repo",
                "GITHUB_SERVER_URL", "https://github.example",
                "GITHUB_REF_NAME", "main",
                "GITHUB_SHA", "0123abc",
                "GITHUB_WORKFLOW", "build"));
        environment.put("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "4711");
        environment.put("ACTIONS_ID_TOKEN_REQUEST_URL", issuer.url() + "/token?api-version=2");
        environment.put("JOB_STATUS", "success");
        environment.put("RUNNER_NAME", "runner 3");
        var printed = new StringBuilder();
        for (var step : workflow.path("jobs").path("build").path("steps")) {
            printed.append(step(step.path("run").asText(), environment));
            environment.putAll(keptIn(kept));
        }
        assertThat(printed)
                .contains("building with a token of 16 characters")
                .contains("::add-mask::sixteen letters!")
                .contains("::add-mask::mol_agt_");
        assertLeft(onlyRun(rule), "success", "main");
        assertThat(onlyRun(rule).path("external_key").asText()).isEqualTo("4711/1/build/runner 3");
    }

    /// What steps wrote for those after them, in the runner's two forms.
    private static Map<String, String> keptIn(Path file) throws IOException {
        var values = new HashMap<String, String>();
        var matcher = DELIMITED.matcher(Files.readString(file));
        while (matcher.find()) {
            if (matcher.group(1) != null) {
                values.put(matcher.group(1), matcher.group(3));
            } else {
                values.put(matcher.group(4), matcher.group(5));
            }
        }
        return values;
    }

    @Test
    void gitlab() throws Exception {
        var rule = ruleByIdentity("{\"repository\":\"org/repo\",\"run_id\":\"1\"}");
        var job = new YAMLMapper()
                .readTree(RECIPES.resolve("gitlab-ci.yml").toFile())
                .path("build");
        assertThat(job.path("id_tokens").properties()).hasSize(1);
        var environment = Map.of(
                "MOLECULE_IDENTITY", issuer.token(platform(), "1", Map.of()),
                "CI_JOB_ID", "99",
                "CI_JOB_NAME", "build",
                "CI_JOB_URL", "https://gitlab.example/org/repo/-/jobs/99",
                "CI_PROJECT_PATH", "org/repo",
                "CI_PIPELINE_IID", "5",
                "CI_COMMIT_REF_NAME", "feature",
                "CI_COMMIT_SHA", "0123abc",
                "CI_JOB_STATUS", "failed");
        // GitLab runs both in one shell, and what comes after in another.
        var printed = step(lines(job.path("before_script")) + "\n" + lines(job.path("script")), environment);
        assertThat(printed).contains("building with a token of 16 characters");
        assertThat(onlyRun(rule).path("status").asText()).isEqualTo("online");
        step(lines(job.path("after_script")), environment);
        assertLeft(onlyRun(rule), "failed", "feature");
    }

    private static String lines(JsonNode script) {
        return script.valueStream().map(JsonNode::asText).collect(Collectors.joining("\n"));
    }

    @Test
    void jenkins() throws Exception {
        var rule = rule("");
        var steps = SH.matcher(Files.readString(RECIPES.resolve("Jenkinsfile")))
                .results()
                .toList();
        assertThat(steps).hasSize(1);
        var printed = step(
                steps.getFirst().group(1),
                Map.of(
                        "MOLECULE_ENROLMENT", rule.text("join_key"),
                        "MOLECULE_AGENT_JAR", TestHouse.AGENT_JAR.toString(),
                        "PATH", Path.of(System.getProperty("java.home"), "bin") + ":" + System.getenv("PATH"),
                        "JOB_NAME", "app/main",
                        "BUILD_NUMBER", "3",
                        "BUILD_TAG", "jenkins-app-main-3",
                        "BUILD_URL", "https://jenkins.example/job/app/3",
                        "GIT_BRANCH", "main",
                        "GIT_COMMIT", "0123abc"));
        assertThat(printed).contains("building with a token of 16 characters").doesNotContain("sixteen letters!");
        var run = onlyRun(rule);
        assertLeft(run, "success", "main");
        assertThat(run.path("name").asText()).isEqualTo("app/main #3");
        assertThat(run.path("exit_code").asInt(-1)).isZero();
    }
}
