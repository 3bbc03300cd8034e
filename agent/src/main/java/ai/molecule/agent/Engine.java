package ai.molecule.agent;

import ai.molecule.protocol.Message;

/// What does the work behind an agent: it gets one message of a task and reports through the [Work] it is given.
public interface Engine {

    /// The runtime it implements.
    String runtime();

    /// One line for the agent card.
    String description();

    /// What keeps it from working, such as a key that is missing; empty for nothing. Asked with every heartbeat.
    default String trouble() {
        return "";
    }

    /// Works on a message; returns when this turn is over. An exception fails the task.
    ///
    /// @throws InterruptedException when the task was canceled or the agent is stopping
    void work(Message message, Work work) throws Exception;
}
