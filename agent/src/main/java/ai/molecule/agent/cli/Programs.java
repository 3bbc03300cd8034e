package ai.molecule.agent.cli;

import ai.molecule.agent.Masking;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// What programs have in common before they are started.
final class Programs {

    /// What of an environment has nothing to do with the workspace.
    private static final List<String> PASSED = List.of("PATH", "LANG", "LC_ALL", "TZ", "NODE_EXTRA_CA_CERTS");

    private static final List<String> PROXIES = List.of("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy");

    /// Where the agent's tools are, and perhaps a model, no proxy leads.
    private static final String HERE = "127.0.0.1,localhost,::1";

    private Programs() {}

    /// Where a program is.
    ///
    /// @param variable by which whoever runs the agent names it, by a path or a name
    /// @param usual its name where nobody says
    /// @param how it is installed
    /// @param faults what is missing so far
    static Path find(Cli.Given given, String variable, String usual, String how, List<String> faults) {
        var set = given.own().getOrDefault(variable, usual);
        var places = set.contains("/")
                ? Stream.of(Path.of(set))
                : Stream.of(given.own().getOrDefault("PATH", "").split(File.pathSeparator, -1))
                        .map(directory -> Path.of(directory.isEmpty() ? "." : directory, set));
        var found = places.filter(Files::isExecutable).findFirst();
        if (found.isEmpty()) {
            faults.add(variable + ": expected a program, but there is no " + set + "; " + how);
        }
        return found.orElse(Path.of(set));
    }

    /// Refuses to go on where something is missing.
    ///
    /// @throws IllegalArgumentException with all of it, one a line
    static void check(List<String> faults) {
        if (!faults.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", faults));
        }
    }

    /// An environment with nothing of the agent's but the names that are given.
    static Map<String, String> environment(Cli.Given given, Collection<String> names) {
        var environment = new HashMap<String, String>();
        PASSED.forEach(name -> pass(given.own(), name, environment));
        PROXIES.forEach(name -> pass(given.own(), name, environment));
        var without = given.own().getOrDefault("NO_PROXY", given.own().getOrDefault("no_proxy", ""));
        for (var name : List.of("NO_PROXY", "no_proxy")) {
            environment.put(name, without.isBlank() ? HERE : without + "," + HERE);
        }
        names.forEach(name -> pass(given.values(), name, environment));
        return environment;
    }

    /// The words of a message, for programs that take some of them for orders to themselves.
    static String words(String message) {
        return message.strip().startsWith("/") ? "The message:\n" + message : message;
    }

    /// Variables, and more of them.
    static Map<String, String> with(Map<String, String> some, Map<String, String> more) {
        var all = new HashMap<>(some);
        all.putAll(more);
        return all;
    }

    private static void pass(Map<String, String> values, String name, Map<String, String> environment) {
        var value = values.getOrDefault(name, "").strip();
        if (!value.isEmpty()) {
            environment.put(name, value);
        }
    }

    /// The model that is wanted, by the name that its provider knows.
    static String model(Cli.Given given, String provider) {
        var wanted = given.model().isBlank()
                ? given.values().getOrDefault("MODEL", given.own().getOrDefault("MODEL", ""))
                : given.model();
        return wanted.strip().replaceFirst("^" + provider + ":", "");
    }

    /// A text without some values of an environment.
    static String masked(String text, Map<String, String> environment, Collection<String> names) {
        return Masking.of(
                text,
                names.stream().map(name -> environment.getOrDefault(name, "")).toList());
    }
}
