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

/** A span of time in its two largest units. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
}

/** Money, everywhere in the same words; from US cents. */
export function dollars(cents: number): string {
  return new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", maximumFractionDigits: cents > 0 && cents < 1 ? 4 : 2 }).format(cents / 100);
}

/** How a workspace's budget is; it has none where the server says nothing of it. */
export function budgetState(workspace: Pick<Workspace, "budget_state">): "open" | "warned" | "stopped" {
  return workspace.budget_state ?? "open";
}
