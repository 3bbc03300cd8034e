package ai.molecule.platform;

import java.util.Arrays;
import java.util.Optional;

/// Every environment variable that the platform reads: `docs/settings.md` is written from this list.
enum Variable {
    PORT("8080", "the port to listen on; 0 for any free one"),
    HOST("127.0.0.1", "the address to listen on"),
    DATA_DIR(".molecule", "where everything that lasts is kept: the database, keys, agents' directories"),
    DATABASE_URL(
            "",
            "`postgres://user:password@host:port/database`; unset: the platform runs a PostgreSQL of its own below `DATA_DIR`"),
    ADMIN_TOKEN(
            "",
            "the operator's token, at least 16 characters; unset: made at the first start and kept in `$DATA_DIR/admin-token`"),
    SECRETS_ENCRYPTION_KEY(
            "",
            "the key from which secrets are derived and sealed, at least 16 characters; unset: made at the first start and kept in `$DATA_DIR/encryption-key`"),
    PLATFORM_URL("", "how agents and people reach the platform; unset: derived from `HOST` and `PORT`"),
    PROCESS_URL(
            "",
            "how other processes of the same platform reach this one, to call agents whose uplinks end here; unset: derived from `HOST` and `PORT`, which is right on one machine only"),
    CONTAINER_BACKEND(
            "",
            "where agents run unless a workspace says otherwise: `docker`, `flyio` or `process`; unset: `docker` where its engine answers, else `process`"),
    WORKSPACE_IMAGE_PREFIX(
            "ghcr.io/molecule-ai/workspace-",
            "how the names of our runtimes' images begin; the runtime and `:latest` follow"),
    ALLOWED_RUNTIMES("", "comma-separated runtimes that may be created; unset: all known"),
    RUNTIMES_FILE("", "a YAML file with further runtimes, or other images for ours; see [runtimes](runtimes.md)"),
    WORKSPACE_NETWORK(
            "",
            "unset: every container has a network of its own; `host`: containers share the host's network, without any walls"),
    WORKSPACE_FENCE(
            "on",
            "`on`: containers reach nothing of this host but the platform, and no cloud metadata; `off`: they do, where the engine's `iptables` cannot be used"),
    WARM_POOL_SIZE(
            "0",
            "how many agents of each runtime in `WARM_POOL_RUNTIMES` are started ahead, for workspaces that are yet to be created; they wait in tier 2"),
    WARM_POOL_RUNTIMES("echo", "comma-separated; for the warm pool"),
    WORKSPACE_ROOTS(
            "",
            "comma-separated directories of this machine; a workspace's `workspace_dir` may be one directly in them; unset: none may"),
    ALLOW_PRIVILEGED_WORKSPACES(
            "off",
            "`on`: the operator may create workspaces with `privileged`, whose agents are root on this machine; `off`: nobody can"),
    DOCKER_SUBNETS("10.240.0.0/16", "the range that containers' networks are cut from, eight addresses each"),
    FLY_API_TOKEN(
            "",
            "a token for the Machines API, as `fly tokens create deploy` prints it; with `FLY_WORKSPACE_APP` it opens the [flyio backend](fly.md)"),
    FLY_WORKSPACE_APP("", "the Fly app that machines are made in"),
    FLY_REGION(
            "ord",
            "where machines are made when a workspace says nothing: regions in order of preference, with commas. Inside a Fly machine Fly sets it to the machine's own region: there `FLY_DEFAULT_REGION` is read instead"),
    FLY_DEFAULT_REGION("", "the same, and goes before `FLY_REGION`; for a platform that itself runs on Fly"),
    FLY_REACH(
            "",
            "how the platform reaches machines: `public`, through the app's public address, or `private`, in Fly's private network; unset: `private` where the platform itself runs on Fly, else `public`"),
    FLY_APP_URL("", "the app's public address; unset: `https://<FLY_WORKSPACE_APP>.fly.dev`"),
    FLY_SECRETS(
            "app",
            "how secrets reach machines: `app`, as secrets of the app that only their machine gets; `env`, in the machine's configuration, which every token for the app can read"),
    FLY_VOLUME_GB(
            "1", "the size in GB of the volume at `/workspace`; 0: none, and an agent's files end with its start"),
    FLY_FLAPS_BASE_URL("", "the base of Fly's Machines API; unset: `https://api.machines.dev`"),
    FLY_API_BASE_URL("", "the base of Fly's log service; unset: `https://api.fly.io`"),
    ALLOWED_AGENT_CIDRS(
            "",
            "comma-separated ranges, beyond the public ones, that external agents' URLs may point into; unset: this machine's own (127.0.0.0/8, ::1) while `HOST` is a loopback address and `PLATFORM_URL` unset or one too, else none"),
    ALLOWED_WEBHOOK_CIDRS(
            "",
            "comma-separated ranges, beyond the public ones, that the targets of push notifications may point into"),
    ALLOW_HTTP_AGENTS(
            "off",
            "`off`: external agents at public addresses must be reached by https; `on`: http will do. Ranges in `ALLOWED_AGENT_CIDRS` may always be called by http"),
    HTTPS_PROXY(
            "",
            "`http://host:port` of the proxy for calls to https addresses: agents' URLs, targets of push notifications, Fly, issuers of identity tokens"),
    HTTP_PROXY("", "the same for calls to http addresses outside"),
    NO_PROXY("", "comma-separated hosts that are called without a proxy, with all below them; `*`: all"),
    SSL_CERT_FILE(
            "", "a PEM file with the certificates to trust in such calls, instead of the JVM's; for a CA of your own"),
    REGISTRY_CREDENTIALS(
            "",
            "comma-separated `host=user:password` of image registries that want them; shown to them and nobody else"),
    DOCKER_HOST("", "the Docker engine: `unix://…` or `tcp://…`; unset: `unix:///var/run/docker.sock`"),
    DOCKER_CERT_PATH("", "directory with `ca.pem`, `cert.pem` and `key.pem` for an engine at `tcp://…`"),
    DOCKER_TLS_VERIFY("", "not empty: the engine at `tcp://…` must show a certificate of `DOCKER_CERT_PATH`"),
    CORS_ORIGINS("", "comma-separated origins whose pages may call the API"),
    RATE_LIMIT(
            "",
            "requests a minute for each caller, heartbeats not counted; unset: only callers without a credential are limited, to 600"),
    MAILBOX_MESSAGES_MAX("10000", "how many messages may wait in front of one workspace; one more is refused"),
    MAILBOX_MEGABYTES_MAX("256", "how many MiB they may take together"),
    MESSAGE_TTL_SECONDS("86400", "how long a message waits for its agent before it is given up, as a dead letter"),
    MESSAGE_ATTEMPTS_MAX("8", "after how many agents lost with it a message is given up"),
    APPROVAL_TTL_SECONDS(
            "86400",
            "how long an agent's question to a person waits before it has expired, which is neither yes nor no"),
    HIBERNATION_IDLE_MINUTES(
            "",
            "after how many minutes without work an agent that the platform runs is stopped, until a message wakes it; unset: never"),
    ACTIVITY_RETENTION_DAYS("30", "how long what has ended is kept: tasks with their messages, and notes"),
    LOG_FORMAT("text", "`text` or `json`");

    private final String otherwise;
    private final String meaning;

    Variable(String otherwise, String meaning) {
        this.otherwise = otherwise;
        this.meaning = meaning;
    }

    String otherwise() {
        return otherwise;
    }

    String meaning() {
        return meaning;
    }

    static Optional<Variable> named(String name) {
        return Arrays.stream(values()).filter(one -> one.name().equals(name)).findFirst();
    }
}
