package ai.molecule.platform;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/// Goes through the first requests of a platform that was just started, so that the JVM can note which classes they
/// need (JEP 514).
final class Rehearsal {

    private Rehearsal() {}

    static void of(House house) throws IOException, InterruptedException {
        try (house;
                var client = HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .build()) {
            send(house, client, "GET", "health", "");
            send(house, client, "GET", "", "");
            send(house, client, "POST", "workspaces", "{\"name\":\"rehearsal\",\"runtime\":\"external\"}");
            send(
                    house,
                    client,
                    "POST",
                    "registry/heartbeat",
                    "{\"workspace_id\":\"00000000-0000-0000-0000-000000000000\"}");
            send(house, client, "GET", "workspaces", "");
            send(house, client, "GET", "events", "");
        }
    }

    private static void send(House house, HttpClient client, String method, String path, String body)
            throws IOException, InterruptedException {
        client.send(
                HttpRequest.newBuilder(house.url().resolve(path))
                        .header("Authorization", "Bearer " + house.adminToken())
                        .method(method, HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }
}
