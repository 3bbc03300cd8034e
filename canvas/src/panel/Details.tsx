import { useEffect, useState } from "react";
import { api } from "../api/client";
import type { LifeStatus, Stay, Usage, Workspace } from "../api/types";
import { useFleet } from "../store/fleet";
import { useView } from "../store/view";
import { STATUS_WORD, duration } from "../store/words";
import { Remote } from "./Remote";

const RESTARTABLE: readonly LifeStatus[] = ["provisioning", "online", "degraded", "offline", "failed"];

export function Details({ workspace }: { workspace: Workspace }) {
  const parent = useFleet((fleet) => (workspace.parent_id ? fleet.byId[workspace.parent_id] : undefined));
  const { open, complain, select } = useView.getState();
  const heard = useLastHeartbeat(workspace);
  const running = !workspace.external && (workspace.status === "online" || workspace.status === "degraded");
  const act = (verb: "restart" | "pause" | "hibernate" | "resume") => api.act(workspace.id, verb).catch(complain);
  return (
    <div className="details">
      {workspace.status_reason && <p className={`notice status-${workspace.status}`}>{workspace.status_reason}</p>}
      <Rename workspace={workspace} />
      <dl>
        <dt>Runtime</dt>
        <dd>{workspace.runtime}</dd>
        <dt>Backend</dt>
        <dd>{workspace.external ? "none: its agent runs on hardware of yours" : workspace.backend}</dd>
        {workspace.region && (
          <>
            <dt>Region</dt>
            <dd>{workspace.region}</dd>
          </>
        )}
        {workspace.instance && (
          <>
            <dt>{workspace.backend === "flyio" ? "Machine" : "Instance"}</dt>
            <dd className="mono" title={workspace.instance}>
              {workspace.backend === "flyio" ? workspace.instance.replace(/@.*/, "") : workspace.instance}
            </dd>
          </>
        )}
        {workspace.model && (
          <>
            <dt>Model</dt>
            <dd className="mono">{workspace.model}</dd>
          </>
        )}
        {(workspace.workspace_dir || workspace.privileged) && (
          <>
            <dt>Of its machine</dt>
            <dd className={workspace.privileged ? "warning" : ""}>
              {workspace.privileged && "everything: it is privileged"}
              {workspace.privileged && workspace.workspace_dir && "; "}
              {workspace.workspace_dir && (
                <span className="mono">
                  {workspace.workspace_dir}
                  {workspace.workspace_access === "read_only" ? " (read-only)" : ""}
                </span>
              )}
            </dd>
          </>
        )}
        <dt>Parent</dt>
        <dd>
          {parent ? (
            <button className="link" onClick={() => select(parent.id)}>
              {parent.name}
            </button>
          ) : (
            "none"
          )}
        </dd>
        <dt>Last heartbeat</dt>
        <dd>{heard ? new Date(heard).toLocaleTimeString() : "none yet"}</dd>
        <dt>In this state</dt>
        <dd>since {new Date(workspace.status_since).toLocaleTimeString()}</dd>
        <dt>Epoch</dt>
        <dd>{workspace.epoch === 0 ? "its agent never registered" : workspace.epoch}</dd>
        {running && (
          <>
            <dt>Takes</dt>
            <dd>
              <Taking id={workspace.id} key={workspace.epoch} />
            </dd>
          </>
        )}
        {!workspace.external && (
          <>
            <dt>Time</dt>
            <dd>
              <Stays workspace={workspace} />
            </dd>
          </>
        )}
        {workspace.ephemeral && <Ends workspace={workspace} />}
        {workspace.external && <Remote workspace={workspace} />}
        <dt>Agent's URL</dt>
        <dd className="mono">{workspace.url || "none"}</dd>
        <dt>Workspace id</dt>
        <dd className="mono">{workspace.id}</dd>
      </dl>
      <div className="actions">
        {workspace.status === "paused" || workspace.status === "hibernated" ? (
          <button onClick={() => void act("resume")}>{workspace.status === "paused" ? "Resume" : "Wake"}</button>
        ) : (
          <button onClick={() => void act("pause")}>Pause</button>
        )}
        {running && (
          <button title="Stop it until a message comes" onClick={() => void act("hibernate")}>
            Hibernate
          </button>
        )}
        {!workspace.external && RESTARTABLE.includes(workspace.status) && (
          <button onClick={() => void act("restart")}>{workspace.status === "failed" ? "Try again" : "Restart"}</button>
        )}
        <button onClick={() => open({ kind: "create", parent: workspace.id })}>Add below</button>
        <button className="danger" onClick={() => open({ kind: "remove", id: workspace.id })}>
          Remove
        </button>
      </div>
    </div>
  );
}

/** When an ephemeral workspace goes, and what its pipeline says of the run. */
function Ends({ workspace }: { workspace: Workspace }) {
  const { complain, say } = useView.getState();
  const metadata = workspace.metadata as { labels?: Record<string, string>; run?: { rule?: string } } | undefined;
  const keep = () => api.patch(workspace.id, { ephemeral: false }).then(() => say("It stays"), complain);
  return (
    <>
      <dt>Ends</dt>
      <dd data-testid="ends">
        by itself, at {new Date(workspace.expires_at ?? "").toLocaleTimeString()}, or when its agent leaves <button onClick={() => void keep()}>Keep it</button>
      </dd>
      {metadata?.run?.rule && (
        <>
          <dt>Run of</dt>
          <dd>{metadata.run.rule}</dd>
        </>
      )}
      {Object.entries(metadata?.labels ?? {}).map(([name, text]) => (
        <Label key={name} name={name} text={text} />
      ))}
    </>
  );
}

function Label({ name, text }: { name: string; text: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd className="mono">
        {text.startsWith("https://") ? (
          <a href={text} target="_blank" rel="noreferrer">
            {text}
          </a>
        ) : (
          text
        )}
      </dd>
    </>
  );
}

const FIGURES_PACE = 5000;

/** What its agent takes of its machine, asked for while somebody looks. */
function Taking({ id }: { id: string }) {
  const [usage, setUsage] = useState<Usage>();
  useEffect(() => {
    let wanted = true;
    let timer: ReturnType<typeof setTimeout>;
    const ask = async () => {
      const next = await api.stats(id).catch(() => undefined);
      if (!wanted) return;
      setUsage(next);
      timer = setTimeout(() => void ask(), FIGURES_PACE);
    };
    void ask();
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [id]);
  if (!usage) return <>measuring …</>;
  const limit = usage.memory_limit_bytes > 0 ? ` of ${megabytes(usage.memory_limit_bytes)}` : "";
  return (
    <span data-testid="usage">
      {Math.round(usage.cpus * 100)} % of a processor · {megabytes(usage.memory_bytes)}
      {limit} · {usage.processes} threads
    </span>
  );
}

/** For how long it was in which state, asked for when the panel opens and when its state changed. */
function Stays({ workspace }: { workspace: Workspace }) {
  const [stays, setStays] = useState<Stay[]>();
  useEffect(() => {
    let wanted = true;
    api
      .stays(workspace.id)
      .then((found) => wanted && setStays(found))
      .catch(() => {});
    return () => {
      wanted = false;
    };
  }, [workspace.id, workspace.status]);
  if (!stays) return <>adding up …</>;
  return (
    <ul className="stays" data-testid="stays">
      {stays.map((stay) => (
        <li key={`${stay.backend} ${stay.tier} ${stay.status}`}>
          {duration(stay.seconds)} {STATUS_WORD[stay.status].toLowerCase()} <small>{`T${stay.tier} on ${stay.backend}`}</small>
        </li>
      ))}
    </ul>
  );
}

const megabytes = (bytes: number) => `${Math.round(bytes / 1048576)} MB`;

/** Heartbeats are no facts, so the feed does not bring them: asked for when the panel opens and when something else changed. */
function useLastHeartbeat(workspace: Workspace): string | null {
  const [heard, setHeard] = useState(workspace.last_heartbeat_at);
  useEffect(() => {
    let wanted = true;
    api
      .get(workspace.id)
      .then((row) => wanted && setHeard(row.last_heartbeat_at))
      .catch(() => {});
    return () => {
      wanted = false;
    };
  }, [workspace]);
  return heard;
}

function Rename({ workspace }: { workspace: Workspace }) {
  const [name, setName] = useState<string>();
  const [role, setRole] = useState<string>();
  const changed = (name ?? workspace.name) !== workspace.name || (role ?? workspace.role) !== workspace.role;
  const save = async () => {
    try {
      await api.patch(workspace.id, { name: name ?? workspace.name, role: role ?? workspace.role });
      setName(undefined);
      setRole(undefined);
    } catch (problem) {
      useView.getState().complain(problem);
    }
  };
  return (
    <form
      className="rename"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <label>
        Name
        <input value={name ?? workspace.name} onChange={(event) => setName(event.target.value)} maxLength={255} />
      </label>
      <label>
        Role
        <textarea rows={2} value={role ?? workspace.role} onChange={(event) => setRole(event.target.value)} maxLength={1000} />
      </label>
      {changed && <button className="primary">Save</button>}
    </form>
  );
}
