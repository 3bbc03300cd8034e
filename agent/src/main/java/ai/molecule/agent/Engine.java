package ai.molecule.agent;

import ai.molecule.protocol.Message;
import ai.molecule.protocol.Skill;
import java.util.List;

/// What does the work behind an agent: it gets one message of a task and reports through the [Work] it is given.
public interface Engine {

    /// The runtime it implements.
    String runtime();

    /// One line for the agent card.
    String description();

    /// What it knows how to do beside, as it is configured now; shown on the agent card.
    default List<Skill> skills() {
        return List.of();
    }

    /// What keeps it from working, such as a key that is missing; empty for nothing. Asked with every heartbeat.
    default String trouble() {
        return "";
    }

    /// True for a task that stopped for an answer, and that can go on although this process did not begin it.
    default boolean waits(String taskId, String contextId) {
        return false;
    }

    /// Works on a message, which says its context and task; returns when this turn is over. An exception fails
    /// the task.
    ///
    /// @throws InterruptedException when the task was canceled or the agent is stopping
    void work(Message message, Work work) throws Exception;
}
