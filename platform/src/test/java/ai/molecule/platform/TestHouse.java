package ai.molecule.platform;

import ai.molecule.platform.edge.Limits;
import ai.molecule.platform.ledger.MailboxLimits;
import ai.molecule.platform.store.PostgresAddress;
import ai.molecule.platform.store.TestPostgres;
import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/// A whole house on a free port over a database of its own, and a client that calls it as a user would.
public final class TestHouse implements AutoCloseable {

    /// Built by the module before this one.
    public static final Path AGENT_JAR = Path.of("../agent/target/molecule-agent-0.1.0-all.jar")
            .toAbsolutePath()
            .normalize();

    public static final String ADMIN_TOKEN = "the-operators-own-token";

    private final Path directory;
    private final PostgresAddress address;
    private final Map<String, String> settings;
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();
    private House house;

    /// An answer, read.
    public record Heard(int status, JsonNode body, HttpResponse<byte[]> response) {
        public String text(String field) {
            return body.path(field).asText();
        }
    }

    private TestHouse(Path directory, PostgresAddress address, Map<String, String> settings, House house) {
        this.directory = directory;
        this.address = address;
        this.settings = settings;
        this.house = house;
    }

    public static TestHouse open() throws Exception {
        return open(Limits.DEFAULT);
    }

    public static TestHouse open(Limits limits) throws Exception {
        return open(limits, MailboxLimits.DEFAULT);
    }

    /// Opens a house with limits of its own.
    ///
    /// @param mailbox what a mailbox may hold in it
    public static TestHouse open(Limits limits, MailboxLimits mailbox) throws Exception {
        return open(
                limits,
                Map.of(
                        "MAILBOX_MESSAGES_MAX",
                        String.valueOf(mailbox.messages()),
                        "MAILBOX_MEGABYTES_MAX",
                        String.valueOf(Math.max(1, mailbox.bytes() >> 20)),
                        "MESSAGE_TTL_SECONDS",
                        String.valueOf(mailbox.patience().toSeconds()),
                        "MESSAGE_ATTEMPTS_MAX",
                        String.valueOf(mailbox.attempts())));
    }

    /// Opens a house with settings of its own.
    ///
    /// @param settings those that are to differ from what tests usually have
    public static TestHouse open(Map<String, String> settings) throws Exception {
        return open(Limits.DEFAULT, settings);
    }

    private static TestHouse open(Limits limits, Map<String, String> settings) throws Exception {
        if (!Files.exists(AGENT_JAR)) {
            throw new IllegalStateException("Expected the agent at " + AGENT_JAR + "; build the agent module first");
        }
        var directory = Files.createTempDirectory("molecule-house");
        var address = TestPostgres.newDatabase();
        return new TestHouse(directory, address, settings, build(directory, address, limits, settings));
    }

    private static House build(Path directory, PostgresAddress address, Limits limits, Map<String, String> settings)
            throws Exception {
        var environment = new HashMap<>(Map.of(
                "PORT",
                "0",
                "ADMIN_TOKEN",
                ADMIN_TOKEN,
                "DATA_DIR",
                directory.toString(),
                "ALLOWED_WEBHOOK_CIDRS",
                "127.0.0.0/8",
                "CORS_ORIGINS",
                "https://friend.example",
                "DATABASE_URL",
                address.jdbcUrl()
                        .replaceFirst(
                                "^jdbc:postgresql://",
                                "postgres://" + address.user() + ":" + address.password() + "@")));
        environment.put("HIBERNATION_IDLE_MINUTES", "60");
        environment.put("CONTAINER_BACKEND", "process");
        environment.putAll(settings);
        return House.build(Settings.read(environment), AGENT_JAR, new House.Knobs(InstantSource.system(), limits));
    }

    /// Another process' house over the same database.
    public TestHouse beside() throws Exception {
        return beside(Map.of());
    }

    /// Another process' house over the same database, with some settings of its own.
    public TestHouse beside(Map<String, String> own) throws Exception {
        var other = Files.createTempDirectory("molecule-house");
        var its = new HashMap<>(settings);
        its.put("PORT", "0");
        its.putAll(own);
        return new TestHouse(other, address, its, build(other, address, Limits.DEFAULT, its));
    }

    /// Stops the house and builds it again over the same directory and database.
    public void restart() throws Exception {
        house.close();
        house = build(directory, address, Limits.DEFAULT, settings);
    }

    public java.net.URI url() {
        return house.url();
    }

    public List<ai.molecule.platform.edge.Route> routes() {
        return house.routes();
    }

    public int port() {
        return house.port();
    }

    public Heard admin(String method, String path, String body) throws IOException, InterruptedException {
        return call(method, path, ADMIN_TOKEN, body, Map.of());
    }

    public Heard get(String path) throws IOException, InterruptedException {
        return admin("GET", path, "");
    }

    public Heard post(String path, String body) throws IOException, InterruptedException {
        return admin("POST", path, body);
    }

    public Heard call(String method, String path, String bearer, String body, Map<String, String> headers)
            throws IOException, InterruptedException {
        var response = send(request(method, path, bearer, body, headers));
        JsonNode read;
        try {
            read = Json.read(response.body());
        } catch (Json.MalformedException notJson) {
            read = Json.object();
        }
        return new Heard(response.statusCode(), read, response);
    }

    /// Sends; once more when the server closed the connection for its idleness just when it was to be used
    /// again.
    private HttpResponse<byte[]> send(HttpRequest request) throws IOException, InterruptedException {
        try {
            return client.send(request, HttpResponse.BodyHandlers.ofByteArray());
        } catch (IOException closed) {
            if (!String.valueOf(closed.getMessage()).contains("received no bytes")) {
                throw closed;
            }
            return client.send(request, HttpResponse.BodyHandlers.ofByteArray());
        }
    }

    public HttpRequest request(String method, String path, String bearer, String body, Map<String, String> headers) {
        var request = HttpRequest.newBuilder(house.url().resolve(path))
                .timeout(Duration.ofSeconds(30))
                .method(
                        method,
                        body.isEmpty()
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(body));
        if (!bearer.isEmpty()) {
            request.header("Authorization", "Bearer " + bearer);
        }
        headers.forEach(request::header);
        return request.build();
    }

    public HttpClient client() {
        return client;
    }

    /// Creates a workspace and gives its id.
    public String create(String body) throws IOException, InterruptedException {
        var created = post("/workspaces", body);
        if (created.status() != 201) {
            throw new IllegalStateException("Expected 201, but found " + created.status() + " " + created.body());
        }
        return created.text("id");
    }

    public String status(String id) throws IOException, InterruptedException {
        return get("/workspaces/" + id).text("status");
    }

    public void awaitStatus(String id, String status) {
        org.awaitility.Awaitility.await(status)
                .atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> status(id).equals(status));
    }

    /// Creates an echo agent and waits until it is there.
    public String online(String name) throws IOException, InterruptedException {
        var id = create("{\"name\":\"" + name + "\"}");
        awaitStatus(id, "online");
        return id;
    }

    /// A `message/send` of a text; the answer of the agent.
    /// The process that does a workspace's work here.
    public static ProcessHandle agentOf(String id) {
        return ProcessHandle.current()
                .descendants()
                .filter(process -> environment(process).contains("WORKSPACE_ID=" + id))
                .findFirst()
                .orElseThrow();
    }

    private static String environment(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc/" + process.pid() + "/environ"), StandardCharsets.ISO_8859_1);
        } catch (IOException gone) {
            return "";
        }
    }

    public Heard say(String id, String bearer, String text) throws IOException, InterruptedException {
        return call("POST", "/workspaces/" + id + "/a2a", bearer, message("message/send", text), Map.of());
    }

    /// Changes the database behind the house's back. The id by which what the house made elsewhere is known
    /// again.
    public UUID platformId() throws SQLException {
        try (var connection = DriverManager.getConnection(address.jdbcUrl(), address.user(), address.password());
                var statement = connection.createStatement();
                var row = statement.executeQuery("select id from platform")) {
            row.next();
            return row.getObject(1, UUID.class);
        }
    }

    public void sql(String statement) throws SQLException {
        try (var connection = DriverManager.getConnection(address.jdbcUrl(), address.user(), address.password());
                var change = connection.createStatement()) {
            change.executeUpdate(statement);
        }
    }

    /// Sends bytes, reads until the other end closes.
    public String raw(String request) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            socket.getOutputStream().flush();
            var answer = new ByteArrayOutputStream();
            socket.getInputStream().transferTo(answer);
            return answer.toString(StandardCharsets.UTF_8);
        }
    }

    /// An A2A 1.0 call of the operator's.
    public Heard rpc(String id, String method, String params) throws IOException, InterruptedException {
        return rpc(id, ADMIN_TOKEN, method, params);
    }

    /// An A2A 1.0 call.
    public Heard rpc(String id, String bearer, String method, String params) throws IOException, InterruptedException {
        var body = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" + method + "\",\"params\":" + params + "}";
        return call("POST", "/workspaces/" + id + "/a2a", bearer, body, Map.of("A2A-Version", "1.0"));
    }

    /// The parameters of a message that nobody waits for.
    ///
    /// @param more further fields of the message, each with a comma before it
    public static String dropped(String text, String more) {
        return "{\"message\":{\"role\":\"ROLE_USER\",\"parts\":[{\"text\":\"" + text + "\"}]" + more
                + "},\"configuration\":{\"returnImmediately\":true}}";
    }

    /// Sends a message without waiting; gives its task.
    public JsonNode drop(String id, String text, String more) throws IOException, InterruptedException {
        return rpc(id, "SendMessage", dropped(text, more)).body().path("result").path("task");
    }

    /// Registers an external agent that streams and speaks 1.0; gives its token.
    public String register(String id, int agentPort) throws IOException, InterruptedException {
        return post(
                        "/registry/register",
                        "{\"id\":\"" + id + "\",\"url\":\"http://127.0.0.1:" + agentPort
                                + "/\",\"agent_card\":{\"name\":\"x\",\"capabilities\":{\"streaming\":true},\"supportedInterfaces\":"
                                + "[{\"url\":\"http://x/\",\"protocolBinding\":\"JSONRPC\",\"protocolVersion\":\"1.0\"}]}}")
                .text("auth_token");
    }

    /// A task of the operator's, as 0.3 shows it.
    public JsonNode task(String id, String task) throws IOException, InterruptedException {
        var body = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tasks/get\",\"params\":{\"id\":\"" + task + "\"}}";
        return post("/workspaces/" + id + "/a2a", body).body().path("result");
    }

    public void awaitTask(String id, String task, String state) {
        org.awaitility.Awaitility.await(state)
                .atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(20))
                .until(() ->
                        task(id, task).path("status").path("state").asText().equals(state));
    }

    public static String message(String method, String text) {
        return "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" + method
                + "\",\"params\":{\"message\":{\"role\":\"user\",\"parts\":[{\"kind\":\"text\",\"text\":\"" + text
                + "\"}]}}}";
    }

    public static List<String> texts(Heard answer) {
        return answer.body().path("result").path("artifacts").findValuesAsText("text");
    }

    /// Stops the house, as SIGTERM does; the client lives on.
    public void stop() {
        house.close();
    }

    @Override
    public void close() {
        house.close();
        client.close();
    }
}
