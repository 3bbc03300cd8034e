package ai.molecule.llm;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;

/// Runs the emulator until it is told to end.
public final class Main {

    private static final int BAD_SETTINGS = 78;
    private static final int CANNOT_START = 1;

    private static final String HELP = """
            Speaks the protocols of OpenAI (chat completions), Anthropic (Messages) and Google (Gemini), without a model: answers follow a script. Settings are environment variables:

              PORT      where it listens (4290)
              HOST      the address to listen at (127.0.0.1)
              API_KEY   what callers must show; unset for anything

            What it answers follows the first word of the last message:

            """ + SpokenScript.HELP.indent(2);

    private Main() {}

    /// Starts it.
    ///
    /// @param arguments `--help`, or nothing
    public static void main(String[] arguments) throws InterruptedException {
        if (arguments.length > 0) {
            System.out.println(HELP.stripTrailing());
            System.exit(arguments[0].matches("-h|--help|help") ? 0 : BAD_SETTINGS);
        }
        var port = System.getenv().getOrDefault("PORT", "4290");
        if (!port.matches("[0-9]{1,5}") || Integer.parseInt(port) > 65_535) {
            System.err.println("PORT: expected a number from 0 to 65535, but found " + port);
            System.exit(BAD_SETTINGS);
        }
        try {
            var emulator = LlmEmulator.open(
                    System.getenv().getOrDefault("HOST", "127.0.0.1"),
                    Integer.parseInt(port),
                    System.getenv().getOrDefault("API_KEY", ""),
                    new SpokenScript());
            var over = new CountDownLatch(1);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                emulator.close();
                over.countDown();
            }));
            System.out.println("""
                    Scripted models at %1$s
                      as OpenAI's:     OPENAI_BASE_URL=%2$s OPENAI_API_KEY=any
                      as Anthropic's:  ANTHROPIC_BASE_URL=%1$s ANTHROPIC_API_KEY=any, model anthropic:scripted
                      as Google's:     GEMINI_BASE_URL=%1$s GEMINI_API_KEY=any, model gemini:scripted""".formatted(emulator.url(), emulator.openAiUrl()));
            over.await();
        } catch (IOException failed) {
            System.err.println("The emulator cannot start: " + failed.getMessage());
            System.exit(CANNOT_START);
        }
    }
}
