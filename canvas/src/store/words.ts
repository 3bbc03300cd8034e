import type { LifeStatus, Workspace } from "../api/types";

/** What each state is called, for people. Colour alone never says it. */
export const STATUS_WORD: Record<LifeStatus, string> = {
  provisioning: "Starting",
  awaiting_agent: "Waiting for its agent",
  online: "Online",
  degraded: "Degraded",
  offline: "Offline",
  paused: "Paused",
  hibernated: "Hibernated",
  failed: "Failed",
  removed: "Removed",
};

export type RemoteLook = "live" | "stale" | "waiting";

/** How the REMOTE badge looks: purple while the agent is heard, grey when it is not, dashed before it ever was. */
export function remoteLook(workspace: Pick<Workspace, "external" | "status">): RemoteLook | undefined {
  if (!workspace.external) return undefined;
  switch (workspace.status) {
    case "online":
    case "degraded":
      return "live";
    case "awaiting_agent":
      return "waiting";
    default:
      return "stale";
  }
}
