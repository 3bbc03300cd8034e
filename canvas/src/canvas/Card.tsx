import { Handle, Position } from "@xyflow/react";
import { memo } from "react";
import type { Workspace } from "../api/types";
import { useApprovals } from "../store/approvals";
import { useFleet } from "../store/fleet";
import { STATUS_WORD, budgetState, remoteLook } from "../store/words";

const REMOTE_TITLE = {
  live: "Runs on hardware of yours; heard within the last 90 seconds",
  stale: "Runs on hardware of yours; not heard from now",
  waiting: "Runs on hardware of yours; never seen yet",
} as const;

const REMOTE_HOW = {
  push: "",
  poll: "; asks for its messages",
  uplink: "; reached over a connection that it opened",
} as const;

export interface CardData extends Record<string, unknown> {
  team: boolean;
  inside: number;
}

/** One workspace. It looks up its own row, so that a change of one workspace draws one card. */
export const Card = memo(function Card({ id, data, selected }: { id: string; data: CardData; selected?: boolean }) {
  const workspace = useFleet((fleet) => fleet.byId[id]);
  const waiting = useFleet((fleet) => fleet.traffic.mailboxes[id]?.queued ?? 0);
  const undecided = useApprovals((all) => all.pending.filter((one) => one.workspace_id === id).length);
  if (!workspace) return null;
  countRender(id);
  return (
    <article
      className={`card status-${workspace.status}${data.team ? " team" : ""}${selected ? " selected" : ""}`}
      aria-label={`${workspace.name}, ${STATUS_WORD[workspace.status]}`}
      data-testid="card"
      data-id={id}
    >
      <header>
        <span className="dot" aria-hidden="true" />
        <h3 title={workspace.name}>{workspace.name}</h3>
        {budgetState(workspace) !== "open" && (
          <span className={`pill budget ${budgetState(workspace)}`} title={budgetState(workspace) === "warned" ? "More than 80 % of its budget are used up" : "Its budget is used up: it gets no work"}>
            $
          </span>
        )}
        {undecided > 0 && (
          <span className="pill approval" title="Waits for a person to decide">
            ? {undecided}
          </span>
        )}
        {waiting > 0 && (
          <span className="pill mail" title="Messages that wait for this agent">
            ✉ {waiting}
          </span>
        )}
        {data.inside > 0 && <span className="pill inside">{data.inside} inside</span>}
        <span className="pill">T{workspace.tier}</span>
      </header>
      <p className="role" title={workspace.role}>
        {workspace.role || "\u00a0"}
      </p>
      <footer>
        <span className="status">{STATUS_WORD[workspace.status]}</span>
        <Where workspace={workspace} />
      </footer>
      <Activity workspace={workspace} />
      <Handle type="target" position={Position.Left} className="port" isConnectable={false} />
      <Handle type="source" position={Position.Right} className="port" isConnectable={false} />
    </article>
  );
});

function Where({ workspace }: { workspace: Workspace }) {
  const remote = remoteLook(workspace);
  if (remote) {
    return (
      <span className={`pill remote ${remote}`} title={`${REMOTE_TITLE[remote]}${REMOTE_HOW[workspace.delivery_mode]}`}>
        REMOTE{remote === "waiting" || workspace.delivery_mode === "push" ? "" : ` · ${workspace.delivery_mode}`}
      </span>
    );
  }
  return (
    <span className="where">
      {workspace.runtime} · {workspace.backend}
      {workspace.region ? ` · ${workspace.region}` : ""}
    </span>
  );
}

function Activity({ workspace }: { workspace: Workspace }) {
  if (workspace.active_tasks > 0) {
    return (
      <p className="activity busy" title={workspace.current_task}>
        <span className="pulse" aria-hidden="true" />
        {workspace.active_tasks > 1 ? `${workspace.active_tasks} tasks · ` : ""}
        {workspace.current_task || "working"}
      </p>
    );
  }
  const reason = workspace.status_reason;
  if (reason && workspace.status === "provisioning") {
    return (
      <p className="activity step" title={reason}>
        <span className="pulse" aria-hidden="true" />
        {reason}
      </p>
    );
  }
  if (reason && (workspace.status === "failed" || workspace.status === "offline" || workspace.status === "degraded")) {
    return (
      <p className="activity reason" title={reason}>
        {reason}
      </p>
    );
  }
  return null;
}

/** How often each card was drawn; the browser test reads it to prove that one change draws one card. */
function countRender(id: string) {
  const counts = ((window as unknown as { cardRenders?: Record<string, number> }).cardRenders ??= {});
  counts[id] = (counts[id] ?? 0) + 1;
}
