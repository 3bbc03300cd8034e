package ai.molecule.agent;

import ai.molecule.protocol.Message;
import java.util.Collection;

/// How a task waits for people to decide, the same for all engines.
public final class Decision {

    private static final String PREFIX = "approval ";

    private Decision() {}

    /// True for a message by which the platform says only that something was decided.
    public static boolean tells(Message message) {
        return message.messageId().startsWith(PREFIX);
    }

    /// What the task's caller is told meanwhile.
    public static String awaited(Collection<String> actions) {
        return "Waits for a person to decide: " + String.join("; ", actions);
    }
}
