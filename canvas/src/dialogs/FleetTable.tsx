import { useEffect, useState } from "react";
import { api } from "../api/client";
import type { Workspace } from "../api/types";
import { useFleet } from "../store/fleet";
import { useView } from "../store/view";
import { STATUS_WORD, dollars } from "../store/words";
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
  const [spent, setSpent] = useState<ReadonlyMap<string, number>>(new Map());
  // What was spent is no fact: asked for when somebody looks.
  useEffect(() => {
    api
      .list()
      .then((rows) => setSpent(new Map(rows.map((row) => [row.id, row.monthly_spend ?? 0]))))
      .catch(useView.getState().complain);
  }, []);
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
            <th>This month</th>
          </tr>
        </thead>
        {[...groups.keys()].sort().map((group) => (
          <tbody key={group} aria-label={group}>
            <tr>
              <th colSpan={6} scope="rowgroup">
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
                <td>
                  {dollars(spent.get(one.id) ?? one.monthly_spend ?? 0)}
                  {typeof one.budget_limit === "number" && ` of ${dollars(one.budget_limit)}`}
                </td>
              </tr>
            ))}
          </tbody>
        ))}
      </table>
    </Modal>
  );
}
