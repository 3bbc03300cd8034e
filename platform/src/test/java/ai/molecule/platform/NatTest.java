package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// An agent in a network of its own, behind a router that translates addresses and lets nothing in.
///
/// ```text
/// this machine 10.249.0.1, .3  ---  .2 router (NAT, drops what comes from outside) 192.168.249.1  ---  .2 agent
/// ```
class NatTest {

    private static final Duration PATIENCE = Duration.ofSeconds(40);
    private static final String FIRST = "10.249.0.1";
    private static final String SECOND = "10.249.0.3";

    private final String mark = UUID.randomUUID().toString().substring(0, 6);
    private final String router = "mol-router-" + mark;
    private final String home = "mol-home-" + mark;
    private final String outside = "mo" + mark;

    @TempDir
    private Path directory;

    private @Nullable Process agent;
    private TestHouse house;

    @BeforeEach
    void build() throws Exception {
        assumeTrue(
                run("test $(id -u) = 0 && command -v ip && command -v iptables && ip netns add mol-probe-" + mark
                        + " && ip netns del mol-probe-" + mark),
                "networks of one's own take root, ip and iptables");
        sh("ip netns add " + router);
        sh("ip netns add " + home);
        sh("ip link add " + outside + " type veth peer name wan netns " + router);
        sh("ip addr add " + FIRST + "/29 dev " + outside + " && ip addr add " + SECOND + "/29 dev " + outside
                + " && ip link set " + outside + " up");
        sh("ip -n " + router + " link add lan type veth peer name eth netns " + home);
        sh("ip -n " + router + " addr add 10.249.0.2/29 dev wan && ip -n " + router + " link set wan up");
        sh("ip -n " + router + " addr add 192.168.249.1/24 dev lan && ip -n " + router + " link set lan up");
        sh("ip -n " + home + " addr add 192.168.249.2/24 dev eth && ip -n " + home + " link set eth up");
        sh("ip -n " + home + " link set lo up && ip -n " + home + " route add default via 192.168.249.1");
        atRouter("echo 1 > /proc/sys/net/ipv4/ip_forward");
        atRouter("iptables -t nat -A POSTROUTING -o wan -j MASQUERADE");
        atRouter("iptables -P FORWARD DROP && iptables -P INPUT DROP");
        atRouter("iptables -A FORWARD -i lan -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT");
        atRouter("iptables -A FORWARD -i wan -m conntrack --ctstate ESTABLISHED -j ACCEPT");
        house = TestHouse.open(
                Map.of("HOST", FIRST, "PORT", "18099", "SECRETS_ENCRYPTION_KEY", "the same for both of them"));
    }

    @AfterEach
    void tearDown() throws Exception {
        if (agent != null) {
            agent.descendants().forEach(ProcessHandle::destroyForcibly);
            agent.destroyForcibly();
        }
        house.close();
        run("ip link del " + outside + "; ip netns del " + home + "; ip netns del " + router);
    }

    private void atRouter(String command) throws Exception {
        sh("ip netns exec " + router + " sh -c '" + command + "'");
    }

    private static void sh(String command) throws Exception {
        assertThat(run(command)).as(command).isTrue();
    }

    private static boolean run(String command) throws IOException, InterruptedException {
        var process = new ProcessBuilder("sh", "-c", command).inheritIO().start();
        return process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0;
    }

    /// Creates a workspace and starts its agent at home.
    private String join(String platform) throws Exception {
        var made = house.post("/workspaces", "{\"name\":\"at home\",\"runtime\":\"external\"}")
                .body();
        var id = made.path("id").asText();
        var command = new ArrayList<>(List.of("ip", "netns", "exec", home));
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-jar",
                TestHouse.AGENT_JAR.toString(),
                "join",
                platform,
                "--token",
                made.path("connection").path("enrolment_token").asText(),
                "--state",
                directory.resolve("state").toString()));
        agent = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("agent.log").toFile())
                .start();
        await().atMost(PATIENCE).until(() -> open(id));
        return id;
    }

    private String url() {
        return house.url().toString();
    }

    private boolean open(String id) throws Exception {
        return house.get("/workspaces/" + id + "/uplink").body().path("open").asBoolean();
    }

    private String openedAt(String id) throws Exception {
        return house.get("/workspaces/" + id + "/uplink").text("opened_at");
    }

    private List<String> answer(String id, String text) throws Exception {
        return TestHouse.texts(house.say(id, TestHouse.ADMIN_TOKEN, text));
    }

    @Test
    void whoeverNobodyCanReachIsReached() throws Exception {
        var id = join(url());
        assertThat(answer(id, "hello out there")).containsExactly("hello out there");
        var streamed = house.client()
                .send(
                        house.request(
                                "POST",
                                "/workspaces/" + id + "/a2a",
                                TestHouse.ADMIN_TOKEN,
                                TestHouse.message("message/stream", "one two three"),
                                Map.of()),
                        BodyHandlers.ofString())
                .body();
        assertThat(streamed).contains("\"final\":true").contains("three");
    }

    @Test
    void aRouterThatForgetsIdleConnectionsNeverFindsOne() throws Exception {
        // What forgets after 60 s is survived if this is, which forgets after 6.
        atRouter("echo 6 > /proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established");
        atRouter("echo 0 > /proc/sys/net/netfilter/nf_conntrack_tcp_loose");
        var id = join(url());
        var before = openedAt(id);
        await().during(Duration.ofSeconds(20))
                .atMost(PATIENCE)
                .until(() -> openedAt(id).equals(before));
        assertThat(answer(id, "still here")).containsExactly("still here");
    }

    @Test
    void packetsThatVanishAreNoticedAndNothingIsLost() throws Exception {
        var id = join(url());
        atRouter("iptables -I FORWARD -j DROP");
        var cut = System.nanoTime();
        var task = house.drop(id, "sent into the dark", "").path("id").asText();
        house.awaitStatus(id, "offline");
        assertThat(Duration.ofNanos(System.nanoTime() - cut)).isLessThan(Duration.ofSeconds(16));
        atRouter("iptables -D FORWARD 1");
        house.awaitStatus(id, "online");
        house.awaitTask(id, task, "completed");
        assertThat(house.task(id, task).path("artifacts").findValuesAsText("text"))
                .containsExactly("sent into the dark");
    }

    @Test
    void anotherAddressOfTheAgentIsAnotherConnectionOfTheSame() throws Exception {
        var id = join(url());
        var before = openedAt(id);
        // From one network into another: what was open is not, and nobody says so.
        sh("ip -n " + home + " addr del 192.168.249.2/24 dev eth");
        sh("ip -n " + home + " addr add 192.168.249.77/24 dev eth && ip -n " + home
                + " route add default via 192.168.249.1");
        await().atMost(PATIENCE).until(() -> open(id) && !openedAt(id).equals(before));
        assertThat(answer(id, "moved")).containsExactly("moved");
    }

    @Test
    void aPlatformThatComesBackFindsItsAgentsAgain() throws Exception {
        var id = join(url());
        house.restart();
        await().atMost(PATIENCE).until(() -> open(id));
        assertThat(answer(id, "back again")).containsExactly("back again");
    }

    @Test
    void whereOneAddressOfThePlatformIsGoneTheOtherIsTaken() throws Exception {
        try (var other = house.beside(Map.of("HOST", SECOND))) {
            var id = join(url() + "," + other.url());
            var before = openedAt(id);
            atRouter("iptables -I FORWARD -d " + FIRST + " -j DROP");
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> open(id)
                            && !openedAt(id).equals(before)
                            && other.status(id).equals("online"));
            assertThat(TestHouse.texts(other.say(id, TestHouse.ADMIN_TOKEN, "over here")))
                    .containsExactly("over here");
            // Nothing passes to the first any more: it was the second that carried the answer.
            assertThat(Files.readString(directory.resolve("agent.log")))
                    .containsSubsequence("uplink open", "uplink open");
        }
    }
}
