package ai.molecule.platform.admission;

import ai.molecule.protocol.WireException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// The CI services that give their runs identity tokens, by the names people know them by.
///
/// Sources: "OpenID Connect" of GitHub Actions' docs, "OpenID Connect (OIDC) authentication using ID tokens" of
/// GitLab's, "Buildkite Agent OIDC" of Buildkite's.
final class Issuers {

    /// @param owners the claims of which one must say whose runs are meant
    private record Service(String issuer, Set<String> owners) {}

    private static final Map<String, Service> SERVICES = Map.of(
            "github",
            new Service(
                    "https://token.actions.githubusercontent.com",
                    Set.of(
                            "sub",
                            "repository",
                            "repository_id",
                            "repository_owner",
                            "repository_owner_id",
                            "enterprise")),
            "gitlab",
            new Service(
                    "https://gitlab.com",
                    Set.of("sub", "project_path", "project_id", "namespace_path", "namespace_id")),
            "buildkite",
            new Service(
                    "https://agent.buildkite.com",
                    Set.of("sub", "organization_slug", "organization_id", "pipeline_id")));

    static final Set<String> NAMES = new TreeSet<>(SERVICES.keySet());

    /// The claims that name one job of a run, and need nothing beside them to tell it from others.
    static final List<String> JOB_CLAIMS = List.of("job_id", "check_run_id");

    /// By which claims the runs of one subject are told apart.
    static final List<String> RUN_CLAIMS =
            List.of("run_id", "run_attempt", "pipeline_id", "build_number", "build_id", "job_id", "check_run_id");

    private static final Set<String> THIS_MACHINE = Set.of("localhost", "127.0.0.1", "[::1]");

    private Issuers() {}

    /// The issuer that is meant: one of the names, or an address as it is.
    static String resolve(String named) {
        var service = SERVICES.get(named);
        return service == null ? named : service.issuer();
    }

    static boolean isThisMachine(@Nullable String host) {
        return host != null && THIS_MACHINE.contains(host);
    }

    /// Refuses claims that would let in strangers: of an issuer that serves the whole world, one must say whose runs
    /// are meant, and of any issuer, one must say so before its first wildcard.
    ///
    /// @throws WireException when they would
    static void checkOwned(String issuer, Map<String, List<String>> claims) {
        var service = SERVICES.values().stream()
                .filter(one -> one.issuer().equals(issuer))
                .findFirst();
        var owned = claims.entrySet().stream()
                .filter(claim -> service.isEmpty() || service.get().owners().contains(claim.getKey()))
                .anyMatch(claim -> claim.getValue().stream().allMatch(Issuers::namesSomebody));
        if (!owned) {
            throw new WireException("Expected a claim that says whose runs are meant"
                    + service.map(one -> ", one of " + new TreeSet<>(one.owners()))
                            .orElse("")
                    + ", without a * before its first /");
        }
    }

    private static boolean namesSomebody(String pattern) {
        return !pattern.split("/", 2)[0].contains("*");
    }
}
