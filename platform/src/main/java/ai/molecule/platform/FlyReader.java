package ai.molecule.platform;

import ai.molecule.platform.backend.flyio.FlyReach;
import ai.molecule.platform.backend.flyio.FlySettings;
import java.net.URI;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/// Reads what is set about Fly.
final class FlyReader {

    private static final Set<String> HERE = Set.of("localhost", "127.0.0.1", "[::1]", "::1");
    private static final int VOLUME_GB_MAX = 500;
    private static final UUID NOBODY = new UUID(0, 0);

    private final Settings.Reader reader;

    FlyReader(Settings.Reader reader) {
        this.reader = reader;
    }

    /// What is set, for a platform that is not known yet; empty where Fly is not to be used.
    Optional<FlySettings> read() {
        var token = reader.text(Variable.FLY_API_TOKEN);
        var app = app();
        var reach = reach(app);
        var secrets = reader.oneOf(Variable.FLY_SECRETS, Set.of("app", "env"));
        var volume = reader.number(Variable.FLY_VOLUME_GB, 0, VOLUME_GB_MAX);
        var api = url(Variable.FLY_FLAPS_BASE_URL, FlySettings.API);
        var logs = url(Variable.FLY_API_BASE_URL, FlySettings.LOGS);
        var chosen = reader.text(Variable.CONTAINER_BACKEND).equals("flyio");
        if (token.isEmpty() || app.isEmpty()) {
            if (chosen || token.isEmpty() != app.isEmpty()) {
                missing(token, app);
            }
            return Optional.empty();
        }
        checkPlatformUrl(api);
        return Optional.of(new FlySettings(
                NOBODY,
                api,
                logs,
                token,
                app,
                region(),
                reach,
                secrets.equals("env") ? FlySettings.Secrecy.ENV : FlySettings.Secrecy.APP,
                volume,
                reader.network()));
    }

    private String app() {
        var app = reader.text(Variable.FLY_WORKSPACE_APP);
        if (!app.matches("(?:[a-z0-9][a-z0-9-]{0,62})?")) {
            reader.fault("FLY_WORKSPACE_APP: expected the name of a Fly app, but found " + app);
            return "invalid";
        }
        return app;
    }

    private void missing(String token, String app) {
        if (token.isEmpty()) {
            reader.fault("FLY_API_TOKEN: expected a token, as `fly tokens create deploy` prints it, because "
                    + (app.isEmpty() ? "CONTAINER_BACKEND is flyio" : "FLY_WORKSPACE_APP is set"));
        }
        if (app.isEmpty()) {
            reader.fault("FLY_WORKSPACE_APP: expected the name of a Fly app, because "
                    + (token.isEmpty() ? "CONTAINER_BACKEND is flyio" : "FLY_API_TOKEN is set"));
        }
    }

    /// Inside a Fly machine `FLY_REGION` says where that machine is.
    private String region() {
        var named = reader.text(Variable.FLY_DEFAULT_REGION);
        if (!named.isEmpty()) {
            return named;
        }
        return reader.onFly() ? Variable.FLY_REGION.otherwise() : reader.text(Variable.FLY_REGION);
    }

    private FlyReach reach(String app) {
        var address = url(Variable.FLY_APP_URL, URI.create("https://" + (app.isEmpty() ? "app" : app) + ".fly.dev/"));
        return switch (reader.oneOf(Variable.FLY_REACH, Set.of("", "public", "private"))) {
            case "private" -> new FlyReach.Private();
            case "public" -> new FlyReach.Public(address);
            default -> reader.onFly() ? new FlyReach.Private() : new FlyReach.Public(address);
        };
    }

    private URI url(Variable variable, URI otherwise) {
        return reader.optional(variable, Settings::baseUrl).orElse(otherwise);
    }

    /// A machine at Fly reaches no loopback address of ours; one of an emulator on this machine does.
    private void checkPlatformUrl(URI api) {
        var platform = reader.optional(Variable.PLATFORM_URL, Settings::baseUrl).map(URI::getHost);
        if (!HERE.contains(String.valueOf(api.getHost()))
                && platform.filter(host -> !HERE.contains(host)).isEmpty()) {
            reader.fault(
                    "PLATFORM_URL: expected an address that Fly's machines reach, because FLY_API_TOKEN is set, but found "
                            + platform.orElse("none"));
        }
    }
}
