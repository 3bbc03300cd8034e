import { useEffect, useState } from "react";
import { api } from "../api/client";
import type { Fact, Workspace } from "../api/types";
import { useFleet } from "../store/fleet";
import { useView } from "../store/view";

/** The journal about one workspace. Read once, and again whenever the feed brought something new about it. */
export function Events({ workspace }: { workspace: Workspace }) {
  const [facts, setFacts] = useState<Fact[]>();
  const row = useFleet((fleet) => fleet.byId[workspace.id]);
  useEffect(() => {
    let wanted = true;
    api
      .events(workspace.id)
      .then((list) => wanted && setFacts(list))
      .catch(useView.getState().complain);
    return () => {
      wanted = false;
    };
  }, [workspace.id, row]);
  if (!facts) return <p className="hint">Reading the journal …</p>;
  return (
    <ol className="events">
      {facts.map((fact) => (
        <li key={fact.id}>
          <details>
            <summary>
              <span className="mono seq">{fact.id}</span>
              <span>{fact.event_type.replace("WORKSPACE_", "").replaceAll("_", " ").toLowerCase()}</span>
              <time dateTime={fact.created_at}>{new Date(fact.created_at).toLocaleTimeString()}</time>
            </summary>
            <pre>{JSON.stringify(fact.payload, null, 2)}</pre>
          </details>
        </li>
      ))}
    </ol>
  );
}
