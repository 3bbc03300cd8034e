package ai.molecule.agent;

/// How busy an agent is.
interface Load {

    int active();

    /// What it is at; empty for nothing.
    String current();

    /// What keeps it from working; empty for nothing.
    default String trouble() {
        return "";
    }

    /// Is called whenever the number of active tasks changes.
    void onBusyChanged(Runnable listener);
}
