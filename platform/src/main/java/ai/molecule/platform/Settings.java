package ai.molecule.platform;

import ai.molecule.platform.ledger.MailboxLimits;
import ai.molecule.platform.registry.Cidr;
import ai.molecule.platform.store.PostgresAddress;
import ai.molecule.protocol.Network;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/// What the operator set, read once at the start. All faults are reported together; secrets never show in its
/// text.
record Settings(
        int port,
        String host,
        Path dataDirectory,
        Optional<PostgresAddress> database,
        Optional<String> adminToken,
        Optional<String> encryptionKey,
        Optional<URI> platformUrl,
        Optional<URI> processUrl,
        Containers containers,
        List<Cidr> allowedAgentCidrs,
        boolean httpAgents,
        List<Cidr> allowedWebhookCidrs,
        Network network,
        List<String> corsOrigins,
        int rateLimit,
        MailboxLimits mailbox,
        Duration approvals,
        Duration retention,
        Optional<Duration> idle,
        boolean jsonLog) {

    private static final int SECRET_LENGTH_MIN = 16;
    private static final Set<String> LOOPBACK = Set.of("127.0.0.1", "localhost", "::1", "[::1]");

    Settings {
        allowedAgentCidrs = List.copyOf(allowedAgentCidrs);
        allowedWebhookCidrs = List.copyOf(allowedWebhookCidrs);
        corsOrigins = List.copyOf(corsOrigins);
    }

    /// Reads the environment.
    ///
    /// @throws BadSettingsException with every fault, when there is one
    static Settings read(Map<String, String> environment) throws BadSettingsException {
        var reader = new Reader(environment);
        reader.refuseUnknown();
        var settings = new Settings(
                reader.number(Variable.PORT, 0, 65_535),
                reader.text(Variable.HOST),
                reader.value(Variable.DATA_DIR, Path.of(".molecule"), Path::of),
                reader.optional(Variable.DATABASE_URL, PostgresAddress::parse),
                reader.secret(Variable.ADMIN_TOKEN),
                reader.secret(Variable.SECRETS_ENCRYPTION_KEY),
                reader.optional(Variable.PLATFORM_URL, Settings::baseUrl),
                reader.optional(Variable.PROCESS_URL, Settings::baseUrl),
                new ContainerReader(reader).read(),
                reader.agentRanges(),
                reader.flag(Variable.ALLOW_HTTP_AGENTS),
                reader.list(Variable.ALLOWED_WEBHOOK_CIDRS, Settings::cidr),
                reader.network(),
                reader.list(Variable.CORS_ORIGINS, Function.identity()),
                reader.text(Variable.RATE_LIMIT).isEmpty() ? 0 : reader.number(Variable.RATE_LIMIT, 1, 10_000_000),
                new MailboxLimits(
                        reader.number(Variable.MAILBOX_MESSAGES_MAX, 1, 10_000_000),
                        1024L * 1024 * reader.number(Variable.MAILBOX_MEGABYTES_MAX, 1, 1_000_000),
                        Duration.ofSeconds(reader.number(Variable.MESSAGE_TTL_SECONDS, 1, 31_536_000)),
                        MailboxLimits.DEFAULT.lease(),
                        reader.number(Variable.MESSAGE_ATTEMPTS_MAX, 1, 1000)),
                Duration.ofSeconds(reader.number(Variable.APPROVAL_TTL_SECONDS, 1, 31_536_000)),
                Duration.ofDays(reader.number(Variable.ACTIVITY_RETENTION_DAYS, 1, 3650)),
                reader.text(Variable.HIBERNATION_IDLE_MINUTES).isEmpty()
                        ? Optional.empty()
                        : Optional.of(
                                Duration.ofMinutes(reader.number(Variable.HIBERNATION_IDLE_MINUTES, 1, 1_000_000))),
                reader.oneOf(Variable.LOG_FORMAT, Set.of("text", "json")).equals("json"));
        if (!reader.faults.isEmpty()) {
            // Some are read twice.
            throw new BadSettingsException(reader.faults.stream().distinct().toList());
        }
        return settings;
    }

    private static Cidr cidr(String text) {
        return Cidr.parse(text).orElseThrow(() -> new IllegalArgumentException("expected ranges such as 10.0.0.0/8"));
    }

    static URI baseUrl(String text) {
        try {
            var uri = new URI(text.endsWith("/") ? text : text + "/");
            if (uri.getHost() == null || !Set.of("http", "https").contains(String.valueOf(uri.getScheme()))) {
                throw new IllegalArgumentException("expected http://host or https://host");
            }
            return uri;
        } catch (URISyntaxException bad) {
            throw new IllegalArgumentException("expected http://host or https://host", bad);
        }
    }

    /// Reads variables one by one and remembers what is wrong with each.
    static final class Reader {

        private final Map<String, String> environment;
        private final List<String> faults = new ArrayList<>();

        Reader(Map<String, String> environment) {
            this.environment = environment;
        }

        String text(Variable variable) {
            var set = environment.getOrDefault(variable.name(), "").strip();
            return set.isEmpty() ? variable.otherwise() : set;
        }

        int number(Variable variable, int min, int max) {
            var text = text(variable);
            if (text.matches("[0-9]{1,8}") && Integer.parseInt(text) >= min && Integer.parseInt(text) <= max) {
                return Integer.parseInt(text);
            }
            faults.add(variable + ": expected a number from " + min + " to " + max + ", but found " + text);
            return min;
        }

        <T> T value(Variable variable, T otherwise, Function<String, T> reading) {
            return optional(variable, reading).orElse(otherwise);
        }

        <T> Optional<T> optional(Variable variable, Function<String, T> reading) {
            var text = text(variable);
            if (text.isEmpty()) {
                return Optional.empty();
            }
            try {
                return Optional.of(reading.apply(text));
            } catch (IllegalArgumentException bad) {
                faults.add(variable + ": " + bad.getMessage());
                return Optional.empty();
            }
        }

        Optional<String> secret(Variable variable) {
            return optional(variable, text -> {
                if (text.length() < SECRET_LENGTH_MIN) {
                    throw new IllegalArgumentException(
                            "expected at least " + SECRET_LENGTH_MIN + " characters, but found " + text.length());
                }
                return text;
            });
        }

        <T> List<T> list(Variable variable, Function<String, T> reading) {
            var all = new ArrayList<T>();
            for (var item : text(variable).split(",", -1)) {
                if (!item.isBlank()) {
                    try {
                        all.add(reading.apply(item.strip()));
                    } catch (IllegalArgumentException bad) {
                        faults.add(variable + ": " + bad.getMessage() + ", but found " + item.strip());
                    }
                }
            }
            return all;
        }

        String oneOf(Variable variable, Set<String> words) {
            var text = text(variable);
            if (!words.contains(text)) {
                faults.add(variable + ": expected one of " + new TreeSet<>(words) + ", but found " + text);
            }
            return text;
        }

        /// A platform that only this machine can reach, by all we know, may by default reach agents on this
        /// machine.
        List<Cidr> agentRanges() {
            var named = list(Variable.ALLOWED_AGENT_CIDRS, Settings::cidr);
            var reached = optional(Variable.PLATFORM_URL, Settings::baseUrl)
                    .map(URI::getHost)
                    .orElse("localhost");
            var loopback = LOOPBACK.contains(text(Variable.HOST)) && LOOPBACK.contains(reached);
            return named.isEmpty() && loopback ? List.of(cidr("127.0.0.0/8"), cidr("::1/128")) : named;
        }

        boolean flag(Variable variable) {
            return oneOf(variable, Set.of("on", "off")).equals("on");
        }

        /// How calls get out.
        Network network() {
            try {
                return Network.of(environment);
            } catch (IllegalArgumentException bad) {
                faults.add(bad.getMessage());
                return Network.DIRECT;
            }
        }

        /// True inside a Fly machine, where Fly sets variables of its own.
        boolean onFly() {
            return environment.containsKey("FLY_MACHINE_ID");
        }

        void fault(String text) {
            faults.add(text);
        }

        void refuseUnknown() {
            for (var name : new TreeSet<>(environment.keySet())) {
                if (Variable.named(name).isEmpty()) {
                    Typos.suspect(name)
                            .ifPresent(meant -> faults.add(name + ": not a setting"
                                    + (meant.isEmpty() ? "" : "; did you mean " + meant + "?")));
                }
            }
        }
    }

    @Override
    public String toString() {
        return "Settings[port=" + port + ", host=" + host + ", dataDirectory=" + dataDirectory + ", database="
                + database.map(PostgresAddress::shown).orElse("embedded") + "]";
    }

    /// What is wrong with the settings, all of it.
    static final class BadSettingsException extends Exception {
        private static final long serialVersionUID = 1L;

        private final transient List<String> faults;

        BadSettingsException(List<String> faults) {
            super(String.join("; ", faults));
            this.faults = List.copyOf(faults);
        }

        List<String> faults() {
            return faults;
        }
    }
}
