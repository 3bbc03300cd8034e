package ai.molecule.platform.backend.flyio;

import ai.molecule.protocol.Network;
import java.net.URI;
import java.util.UUID;

/// What is set about Fly.
///
/// @param platform whose machines they are
/// @param api the base of the Machines API, without `/v1`
/// @param logs the base of the service that keeps what machines wrote
/// @param token an API token, in any of the spellings that Fly's own tools print
/// @param app the app that machines are made in
/// @param region where machines are made when a workspace says nothing: codes in order of preference, with
/// commas
/// @param volumeGigabytes the size of what lasts at `/workspace`; 0 for none
/// @param network how calls get to Fly
public record FlySettings(
        UUID platform,
        URI api,
        URI logs,
        String token,
        String app,
        String region,
        FlyReach reach,
        Secrecy secrets,
        int volumeGigabytes,
        Network network) {

    /// Where the Machines API is.
    public static final URI API = URI.create("https://api.machines.dev");

    /// Where logs are.
    public static final URI LOGS = URI.create("https://api.fly.io");

    /// How secrets get into machines.
    public enum Secrecy {
        /// As secrets of the app that only their machine is given: nobody reads them from the API.
        APP,
        /// In the machine's configuration, which every token for the app can read.
        ENV
    }

    /// The same for a platform.
    public FlySettings of(UUID owner) {
        return new FlySettings(owner, api, logs, token, app, region, reach, secrets, volumeGigabytes, network);
    }

    @Override
    public String toString() {
        return "FlySettings[api=" + api + ", app=" + app + ", region=" + region + ", reach=" + reach + "]";
    }
}
