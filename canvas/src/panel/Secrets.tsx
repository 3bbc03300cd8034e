import { type FormEvent, useEffect, useState } from "react";
import { api } from "../api/client";
import type { SecretName, Workspace } from "../api/types";
import { useFleet } from "../store/fleet";
import { useView } from "../store/view";

/** The secrets that a workspace gets: names only. A value goes in here and is never seen again. */
export function Secrets({ workspace }: { workspace: Workspace }) {
  const [names, setNames] = useState<SecretName[]>();
  const [stale, setStale] = useState(false);
  const seq = useFleet((fleet) => fleet.secretsSeq);
  const { complain, say } = useView.getState();
  useEffect(() => {
    let wanted = true;
    api
      .secrets(workspace.id)
      .then((list) => wanted && setNames(list))
      .catch(complain);
    return () => {
      wanted = false;
    };
  }, [workspace.id, seq]);

  const change = (work: Promise<{ stale: string[] }>, done: string) =>
    work.then((answer) => {
      setStale((before) => before || answer.stale.includes(workspace.id));
      say(done);
    }, complain);

  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const data = new FormData(form);
    const key = String(data.get("key")).trim();
    void change(api.saveSecret(workspace.id, key, String(data.get("value"))), `${key} is saved`).then(() => form.reset());
  };

  if (!names) return <p className="hint">Reading …</p>;
  return (
    <div className="secrets">
      {stale && (
        <p className="notice">
          The running agent still has what it got at its start.{" "}
          <button
            className="link"
            onClick={() => {
              setStale(false);
              void api.act(workspace.id, "restart").catch(complain);
            }}
          >
            Restart it
          </button>
        </p>
      )}
      {names.length === 0 && <p className="hint">No secrets yet. {workspace.external ? "Its agent fetches them with its own token." : "Its agent gets them in its environment."}</p>}
      <ul aria-label="Secrets">
        {names.map((one) => (
          <li key={one.key}>
            <span className="mono">{one.key}</span>
            {one.scope === "global" ? (
              <em>for all workspaces</em>
            ) : (
              <button className="quiet" aria-label={`Delete ${one.key}`} onClick={() => void change(api.deleteSecret(workspace.id, one.key), `${one.key} is deleted`)}>
                Delete
              </button>
            )}
          </li>
        ))}
      </ul>
      <form onSubmit={save}>
        <input name="key" aria-label="Key" required maxLength={128} pattern="[A-Za-z_][A-Za-z0-9_]*" placeholder="API_KEY" autoComplete="off" />
        <input name="value" aria-label="Value" type="password" required maxLength={32768} placeholder="value" autoComplete="new-password" />
        <button className="primary">Save</button>
      </form>
    </div>
  );
}
