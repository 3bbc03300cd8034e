import { useState } from "react";
import type { Workspace } from "../api/types";
import { useFleet } from "../store/fleet";
import { useView } from "../store/view";
import { STATUS_WORD } from "../store/words";
import { Modal } from "./Modal";

const GROUPS = {
  region: (one: Workspace) => one.region || (one.external ? "elsewhere" : "here"),
  backend: (one: Workspace) => (one.external ? "external" : one.backend),
  state: (one: Workspace) => STATUS_WORD[one.status],
} as const;
type By = keyof typeof GROUPS;

/** Everybody in rows, by where they run or how they are. */
export function FleetTable() {
  const [by, setBy] = useState<By>("region");
  const all = useFleet((fleet) => fleet.byId);
  const { open, select } = useView.getState();
  const groups = Map.groupBy(
    Object.values(all).sort((one, other) => one.name.localeCompare(other.name)),
    GROUPS[by],
  );
  const show = (id: string) => {
    open(undefined);
    select(id, "details");
  };
  return (
    <Modal title="All workspaces" className="fleet-table">
      <h2>All workspaces</h2>
      <label className="by">
        By
        <select value={by} onChange={(event) => setBy(event.target.value as By)}>
          {Object.keys(GROUPS).map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <table>
        <thead>
          <tr>
            <th>Name</th>
            <th>State</th>
            <th>Tier</th>
            <th>Backend</th>
            <th>Region</th>
          </tr>
        </thead>
        {[...groups.keys()].sort().map((group) => (
          <tbody key={group} aria-label={group}>
            <tr>
              <th colSpan={5} scope="rowgroup">
                {group} <small>{groups.get(group)?.length}</small>
              </th>
            </tr>
            {groups.get(group)?.map((one) => (
              <tr key={one.id} className={`status-${one.status}`}>
                <td>
                  <button className="link" onClick={() => show(one.id)}>
                    {one.name}
                  </button>
                </td>
                <td>
                  <span className="dot" aria-hidden="true" /> {STATUS_WORD[one.status]}
                </td>
                <td>T{one.tier}</td>
                <td>{one.external ? "external" : one.backend}</td>
                <td>{one.region}</td>
              </tr>
            ))}
          </tbody>
        ))}
      </table>
    </Modal>
  );
}
