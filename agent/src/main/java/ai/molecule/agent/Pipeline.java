package ai.molecule.agent;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The run of a pipeline that this process is part of, as its CI tells it in the environment.
///
/// @param key by which the run is known again, should it ask twice
/// @param labels what people want to know of it
record Pipeline(String key, Map<String, String> labels) {

    /// One CI service: the variables whose values together name a job's run, and those that tell of it.
    private record Service(List<String> key, Map<String, String> labels) {}

    /// Sources: "Variables reference" of GitHub Actions, "Predefined CI/CD variables" of GitLab, "Environment
    /// variables"
    /// of Buildkite, "Using environment variables" of Jenkins.
    private static final List<Service> SERVICES = List.of(
            new Service(
                    List.of("GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT", "GITHUB_JOB", "RUNNER_NAME"),
                    Map.of("repo", "GITHUB_REPOSITORY", "branch", "GITHUB_REF_NAME", "commit", "GITHUB_SHA")),
            new Service(
                    List.of("CI_JOB_ID"),
                    Map.of(
                            "repo",
                            "CI_PROJECT_PATH",
                            "branch",
                            "CI_COMMIT_REF_NAME",
                            "commit",
                            "CI_COMMIT_SHA",
                            "run_url",
                            "CI_JOB_URL")),
            new Service(
                    List.of("BUILDKITE_JOB_ID"),
                    Map.of(
                            "repo",
                            "BUILDKITE_REPO",
                            "branch",
                            "BUILDKITE_BRANCH",
                            "commit",
                            "BUILDKITE_COMMIT",
                            "run_url",
                            "BUILDKITE_BUILD_URL")),
            new Service(
                    List.of("BUILD_TAG"),
                    Map.of(
                            "repo",
                            "JOB_NAME",
                            "branch",
                            "GIT_BRANCH",
                            "commit",
                            "GIT_COMMIT",
                            "run_url",
                            "BUILD_URL")));

    Pipeline {
        labels = Map.copyOf(labels);
    }

    /// Reads the environment; without any CI that is known, the key is empty.
    static Pipeline of(Map<String, String> environment) {
        return SERVICES.stream()
                .filter(service -> environment.containsKey(service.key().getFirst()))
                .findFirst()
                .map(service -> of(service, environment))
                .orElse(new Pipeline("", Map.of()));
    }

    private static Pipeline of(Service service, Map<String, String> environment) {
        var labels = service.labels().entrySet().stream()
                .filter(label -> environment.containsKey(label.getValue()))
                .collect(Collectors.toMap(Map.Entry::getKey, label -> environment.get(label.getValue())));
        if (service.key().getFirst().equals("GITHUB_RUN_ID") && environment.containsKey("GITHUB_SERVER_URL")) {
            labels.put(
                    "run_url",
                    environment.get("GITHUB_SERVER_URL") + "/" + environment.getOrDefault("GITHUB_REPOSITORY", "")
                            + "/actions/runs/" + environment.get("GITHUB_RUN_ID"));
        }
        var key = service.key().stream()
                .flatMap(name -> Stream.ofNullable(environment.get(name)))
                .collect(Collectors.joining("/"));
        return new Pipeline(key, labels);
    }

    /// True for what lets a run join: a join key, or an identity token (a JSON Web Token, RFC 7519).
    static boolean admits(String token) {
        return token.startsWith("mol_jnk_") || token.matches("eyJ[\\w-]+[.][\\w-]+[.][\\w-]+");
    }

    /// The body of `POST /registry/join`.
    ObjectNode application(String called) {
        var body = Json.object().put("external_key", key);
        if (!called.isEmpty()) {
            body.put("name", called);
        }
        var told = body.putObject("labels");
        labels.forEach(told::put);
        return body;
    }
}
