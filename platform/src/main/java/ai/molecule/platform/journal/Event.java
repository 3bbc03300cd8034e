package ai.molecule.platform.journal;

/// The closed list of what the journal tells; `docs/events.md` describes each with its payload.
public enum Event {
    WORKSPACE_PROVISIONING,
    WORKSPACE_AWAITING_AGENT,
    WORKSPACE_ONLINE,
    WORKSPACE_DEGRADED,
    WORKSPACE_OFFLINE,
    WORKSPACE_PAUSED,
    WORKSPACE_HIBERNATED,
    WORKSPACE_PROVISION_FAILED,
    WORKSPACE_REMOVED,
    WORKSPACE_RENAMED,
    WORKSPACE_MOVED,
    WORKSPACE_REPARENTED,
    WORKSPACE_UPDATED,
    AGENT_CARD_UPDATED,
    TASK_UPDATED
}
