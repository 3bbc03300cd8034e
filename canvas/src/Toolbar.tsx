import { useShallow } from "zustand/react/shallow";
import { api } from "./api/client";
import type { LifeStatus } from "./api/types";
import { useApprovals } from "./store/approvals";
import { useFleet } from "./store/fleet";
import { useView } from "./store/view";
import { STATUS_WORD } from "./store/words";

const ORDER: readonly LifeStatus[] = ["online", "provisioning", "degraded", "offline", "failed", "awaiting_agent", "paused", "hibernated"];
const LINK_WORD = { connecting: "Connecting", live: "Live", reconnecting: "Reconnecting", "signed-out": "Signed out" } as const;

export function Toolbar() {
  const counts = useFleet(
    useShallow((fleet) => {
      const sums: Partial<Record<LifeStatus, number>> = {};
      for (const one of Object.values(fleet.byId)) sums[one.status] = (sums[one.status] ?? 0) + 1;
      return sums;
    }),
  );
  const link = useFleet((fleet) => fleet.link);
  const dead = useFleet((fleet) => fleet.traffic.dead);
  const undecided = useApprovals((all) => all.pending.length);
  const open = useView((view) => view.open);
  return (
    <header className="toolbar">
      <img src="/favicon.svg" alt="" width="24" height="24" />
      <h1>Molecule</h1>
      <ul className="counts" aria-label="Workspaces by state">
        {ORDER.filter((status) => counts[status]).map((status) => (
          <li key={status} className={`status-${status}`}>
            <span className="dot" aria-hidden="true" />
            {counts[status]} {status === "awaiting_agent" ? "waiting" : STATUS_WORD[status].toLowerCase()}
          </li>
        ))}
      </ul>
      <span className={`link-state ${link}`} role="status">
        {LINK_WORD[link]}
      </span>
      {undecided > 0 && (
        <button className="to-approve" onClick={() => open({ kind: "approvals" })}>
          {undecided} to approve
        </button>
      )}
      {dead > 0 && (
        <button className="dead-count" onClick={() => open({ kind: "dead-letters" })}>
          {dead} undelivered
        </button>
      )}
      <button onClick={() => open({ kind: "pipelines" })}>Pipelines</button>
      <button onClick={() => open({ kind: "table" })}>Table</button>
      <button onClick={() => open({ kind: "search" })}>
        Search <kbd>Ctrl K</kbd>
      </button>
      <button className="primary" onClick={() => open({ kind: "create", parent: undefined })}>
        New workspace
      </button>
      <button className="quiet" onClick={() => void api.signOut().then(() => location.reload())}>
        Sign out
      </button>
    </header>
  );
}
