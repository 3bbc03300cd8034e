package ai.molecule.llm;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// Providers of models on one port: OpenAI's chat completions and Responses and Anthropic's Messages below `/v1`,
/// Google's Gemini below `/v1beta`. Keeps nothing but the last prompts.
public final class LlmEmulator implements Door.Witness, AutoCloseable {

    private static final int KEPT = 100;

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Deque<Prompt> prompts = new ArrayDeque<>();
    private final Deque<String> heard = new ArrayDeque<>();

    private LlmEmulator(HttpServer server) {
        this.server = server;
    }

    /// Opens one.
    ///
    /// @param key what callers must show; empty for anything
    /// @throws IOException when the port cannot be had
    public static LlmEmulator open(String host, int port, String key, Script script) throws IOException {
        var server = HttpServer.create(new InetSocketAddress(host, port), 0);
        var emulator = new LlmEmulator(server);
        server.setExecutor(emulator.threads);
        server.createContext("/v1/", new OpenAiDoor(key, script, emulator)::serve);
        server.createContext("/v1/responses", new ResponsesDoor(key, script, emulator)::serve);
        server.createContext("/v1/messages", new AnthropicDoor(key, script, emulator)::serve);
        server.createContext("/v1beta/", new GeminiDoor(key, script, emulator)::serve);
        server.start();
        return emulator;
    }

    /// Where it is, for `OPENAI_BASE_URL`.
    public URI openAiUrl() {
        return url().resolve("/v1");
    }

    /// Where it is, for `ANTHROPIC_BASE_URL` and `GEMINI_BASE_URL`.
    public URI url() {
        var address = server.getAddress();
        return URI.create("http://" + address.getHostString() + ":" + address.getPort());
    }

    @Override
    public void heard(byte[] body) {
        synchronized (heard) {
            if (heard.size() == KEPT) {
                heard.removeFirst();
            }
            heard.addLast(new String(body, StandardCharsets.UTF_8));
        }
    }

    /// The bodies of what was asked, as they came, oldest first.
    public List<String> heard() {
        synchronized (heard) {
            return List.copyOf(heard);
        }
    }

    @Override
    public void asked(Prompt prompt) {
        synchronized (prompts) {
            if (prompts.size() == KEPT) {
                prompts.removeFirst();
            }
            prompts.addLast(prompt);
        }
    }

    /// What was asked, oldest first.
    public List<Prompt> prompts() {
        synchronized (prompts) {
            return List.copyOf(prompts);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
