import { useEffect, useState } from "react";
import { api } from "../api/client";
import type { PushLine, TaskLine } from "../api/types";
import { useFleet } from "../store/fleet";
import { useView } from "../store/view";
import { Modal } from "./Modal";

/** What was given up: messages that no agent took, notifications that no webhook took. Each can be sent again. */
export function DeadLetters() {
  const [messages, setMessages] = useState<TaskLine[]>();
  const [pushes, setPushes] = useState<PushLine[]>();
  const dead = useFleet((fleet) => fleet.traffic.dead);
  const { complain, say } = useView.getState();
  useEffect(() => {
    let wanted = true;
    Promise.all([api.deadLetters(), api.deadPushes()])
      .then(([tasks, lines]) => {
        if (!wanted) return;
        setMessages(tasks);
        setPushes(lines);
      })
      .catch(complain);
    return () => {
      wanted = false;
    };
  }, [dead]);
  const again = (work: Promise<unknown>) => void work.then(() => say("Sent again"), complain);
  return (
    <Modal title="Dead letters" className="dead-letters">
      <h2>Dead letters</h2>
      {messages && pushes && messages.length + pushes.length === 0 && <p className="hint">Everything was delivered.</p>}
      <ul aria-label="Messages that were given up">
        {messages?.map((task) => (
          <li key={task.id}>
            <div>
              <strong>
                <Name id={task.target_id} />
              </strong>{" "}
              {task.text || "(no text)"}
              <p className="problem">{task.problem}</p>
            </div>
            <button onClick={() => again(api.resendTask(task.id))}>Send again</button>
          </li>
        ))}
        {pushes?.map((push) => (
          <li key={`${push.task_id} ${push.id}`}>
            <div>
              <strong>
                <Name id={push.workspace_id} />
              </strong>{" "}
              notifications to <span className="mono">{push.url}</span>
              <p className="problem">{push.problem}</p>
            </div>
            <button onClick={() => again(api.resendPush(push.task_id, push.id))}>Send again</button>
          </li>
        ))}
      </ul>
    </Modal>
  );
}

function Name({ id }: { id: string }) {
  return useFleet((fleet) => fleet.byId[id]?.name) ?? "a removed workspace";
}
