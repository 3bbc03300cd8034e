import { useState } from "react";
import { api } from "../api/client";
import { isInside, useFleet } from "../store/fleet";
import { useView } from "../store/view";
import { Modal } from "./Modal";

export function RemoveDialog({ id }: { id: string }) {
  const byId = useFleet((fleet) => fleet.byId);
  const [problem, setProblem] = useState<string>();
  const { open, select } = useView.getState();
  const workspace = byId[id];
  if (!workspace) return null;
  const below = Object.values(byId).filter((one) => one.id !== id && isInside(byId, one.id, id));
  const remove = () =>
    api
      .remove(id, below.length > 0)
      .then(() => {
        select(undefined);
        open(undefined);
      })
      .catch((refused: Error) => setProblem(refused.message));
  return (
    <Modal title={`Remove ${workspace.name}`}>
      <h2>Remove {workspace.name}?</h2>
      <p>Its agent is stopped, its token ends, and it does not come back.</p>
      {below.length > 0 && (
        <>
          <p>Removed with it:</p>
          <ul>
            {below.map((one) => (
              <li key={one.id}>{one.name}</li>
            ))}
          </ul>
        </>
      )}
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <div className="buttons">
        <button autoFocus onClick={() => open(undefined)}>
          Keep
        </button>
        <button className="danger" onClick={() => void remove()}>
          Remove{below.length > 0 ? ` ${below.length + 1} workspaces` : ""}
        </button>
      </div>
    </Modal>
  );
}
