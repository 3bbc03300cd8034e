import { type FormEvent, useEffect, useState } from "react";
import { api } from "../api/client";
import type { Memory as Remembered, Workspace } from "../api/types";
import { useFleet } from "../store/fleet";
import { useView } from "../store/view";

const PATIENCE_MS = 250;
const SCOPES = ["LOCAL", "TEAM", "GLOBAL"] as const;
const SCOPE_WORD = { LOCAL: "only this agent", TEAM: "its team", GLOBAL: "everybody" } as const;

/** What this workspace remembers and sees of what others do, found by meaning and by words. */
export function Memory({ workspace }: { workspace: Workspace }) {
  const [query, setQuery] = useState("");
  const [found, setFound] = useState<Remembered[]>();
  const seq = useFleet((fleet) => fleet.memoriesSeq);
  const { complain, say } = useView.getState();

  useEffect(() => {
    let wanted = true;
    const look = () =>
      void api
        .memories(workspace.id, query.trim())
        .then((list) => wanted && setFound(list))
        .catch(complain);
    const timer = setTimeout(look, query ? PATIENCE_MS : 0);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [workspace.id, query, seq]);

  const remember = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const data = new FormData(form);
    api.remember(workspace.id, String(data.get("content")), String(data.get("scope"))).then(() => form.reset(), complain);
  };

  return (
    <div className="memories">
      <input type="search" aria-label="Ask its memory" placeholder="Ask its memory" value={query} maxLength={2000} onChange={(event) => setQuery(event.target.value)} />
      {!found && <p className="hint">Reading …</p>}
      {found?.length === 0 && <p className="hint">{query ? "Nothing that has to do with it." : "Nothing yet. Agents remember with commit_memory; you can write here too."}</p>}
      <ul aria-label="Memories">
        {found?.map((one) => (
          <li key={one.id}>
            <p>{one.content}</p>
            <small>
              <span className={`pill scope-${one.scope.toLowerCase()}`} title={`Seen by ${SCOPE_WORD[one.scope]}`}>
                {one.scope}
              </span>{" "}
              {one.written_by === "operator" ? "you" : one.workspace_name} · {one.namespace} · {new Date(one.created_at).toLocaleString()}
              {one.similarity_score !== undefined && ` · ${Math.round(one.similarity_score * 100)} % alike`}
            </small>
            <button className="quiet" aria-label={`Forget: ${one.content.slice(0, 60)}`} onClick={() => void api.forget(one.workspace_id, one.id).then(() => say("Forgotten"), complain)}>
              Forget
            </button>
          </li>
        ))}
      </ul>
      <form onSubmit={remember}>
        <textarea name="content" aria-label="Something to remember" rows={2} required maxLength={8192} placeholder="Something to remember" />
        <select name="scope" aria-label="Who sees it" defaultValue="LOCAL">
          {SCOPES.filter((scope) => scope !== "GLOBAL" || !workspace.parent_id).map((scope) => (
            <option key={scope} value={scope}>
              for {SCOPE_WORD[scope]}
            </option>
          ))}
        </select>
        <button className="primary">Remember</button>
      </form>
    </div>
  );
}
