import { useEffect, useState } from "react";
import { api } from "../api/client";
import type { TaskLine, Workspace } from "../api/types";
import { useFleet } from "../store/fleet";
import { useView } from "../store/view";
import { duration, OPEN_STATES, treeOf } from "./tasks";

/** What this workspace was asked for and asked for itself. Read again whenever something moves, at most once a second. */
export function Tasks({ workspace }: { workspace: Workspace }) {
  const [tasks, setTasks] = useState<TaskLine[]>();
  const [round, setRound] = useState(0);
  const traffic = useFleet((fleet) => fleet.traffic);
  useEffect(() => {
    let wanted = true;
    api
      .tasks(workspace.id)
      .then((list) => wanted && setTasks(list))
      .catch(useView.getState().complain);
    return () => {
      wanted = false;
    };
  }, [workspace.id, traffic, round]);
  if (!tasks) return <p className="hint">Reading the ledger …</p>;
  if (tasks.length === 0) return <p className="hint">Nothing was asked here yet.</p>;
  return (
    <ol className="tasks" aria-label="Tasks">
      {tasks.map((task) => (
        <Task key={task.id} task={task} here={workspace.id} changed={() => setRound((n) => n + 1)} />
      ))}
    </ol>
  );
}

function Task({ task, here, changed }: { task: TaskLine; here: string; changed: () => void }) {
  const [open, setOpen] = useState(false);
  const act = (work: Promise<unknown>, done: string) =>
    work.then(() => {
      useView.getState().say(done);
      changed();
    }, useView.getState().complain);
  return (
    <li className={`task state-${task.state}${task.phase === "dead" ? " dead" : ""}`}>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <span className="pill state">{task.phase === "queued" ? "waiting" : task.state}</span>
          <span className="what" title={task.text}>
            {task.text || "(no text)"}
          </span>
          <span className="who">{task.target_id === here ? <>from <Name id={task.source_id} /></> : <>to <Name id={task.target_id} /></>}</span>
          <time dateTime={task.created_at} title={new Date(task.created_at).toLocaleString()}>
            {duration(task)}
          </time>
        </summary>
        {task.problem && <p className="problem">{task.problem}</p>}
        {open && <Tree task={task} />}
      </details>
      {task.phase === "dead" && !task.resent_as && (
        <button onClick={() => void act(api.resendTask(task.id), "Sent again")}>Send again</button>
      )}
      {OPEN_STATES.has(task.state) && (
        <button className="quiet" onClick={() => void act(api.cancelTask(task.id), "Canceled")}>
          Cancel
        </button>
      )}
    </li>
  );
}

/** Who asked whom in the course of the same work. */
function Tree({ task }: { task: TaskLine }) {
  const [lines, setLines] = useState<TaskLine[]>();
  useEffect(() => {
    let wanted = true;
    api
      .task(task.id)
      .then((shown) => wanted && setLines(shown.tree))
      .catch(useView.getState().complain);
    return () => {
      wanted = false;
    };
  }, [task.id, task.state]);
  if (!lines) return <p className="hint">Reading …</p>;
  return (
    <ul className="tree" aria-label="Who asked whom">
      {treeOf(lines).map(({ line, depth }) => (
        <li key={line.id} style={{ paddingInlineStart: `${depth * 1.2}em` }} aria-current={line.id === task.id}>
          <span className={`pill state state-${line.state}`}>{line.state}</span> <Name id={line.source_id} /> → <Name id={line.target_id} />
        </li>
      ))}
    </ul>
  );
}

function Name({ id }: { id: string | null }) {
  const name = useFleet((fleet) => (id ? fleet.byId[id]?.name : "operator"));
  return <b>{name ?? "a removed workspace"}</b>;
}
