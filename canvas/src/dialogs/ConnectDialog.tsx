import { useEffect, useState } from "react";
import { api } from "../api/client";
import type { Connection } from "../api/types";
import { useFleet } from "../store/fleet";
import { useView } from "../store/view";
import { STATUS_WORD } from "../store/words";
import { Modal } from "./Modal";

/** How an agent joins a workspace that is there already: another enrolment is made, and shown here once. */
export function ConnectDialog({ id }: { id: string }) {
  const [connection, setConnection] = useState<Connection>();
  const [problem, setProblem] = useState<string>();
  const { open } = useView.getState();
  useEffect(() => {
    let wanted = true;
    api
      .enrol(id)
      .then((made) => wanted && setConnection(made))
      .catch((refused: unknown) => wanted && setProblem(refused instanceof Error ? refused.message : String(refused)));
    return () => {
      wanted = false;
    };
  }, [id]);
  if (connection) return <Connect connection={connection} />;
  return (
    <Modal title="Connect an agent">
      <h2>Connect an agent</h2>
      {problem ? (
        <p className="problem" role="alert">
          {problem}
        </p>
      ) : (
        <p>Making an enrolment …</p>
      )}
      <div className="buttons">
        <button onClick={() => open(undefined)}>Close</button>
      </div>
    </Modal>
  );
}

const python = (connection: Connection) => `PLATFORM_URL=${connection.platform_url} \\
ENROLMENT=${connection.enrolment_token} \\
python3 remote_agent.py   # docs/examples/remote_agent.py`;

const java = (connection: Connection) => `var agent = RemoteAgent.joining(URI.create("${connection.platform_url}"))
        .enrolment("${connection.enrolment_token}")
        .state(Path.of("agent-state"))
        .start(new MyEngine());`;

const WAYS: { name: string; what: string; text: (connection: Connection) => string }[] = [
  { name: "Our agent", what: "Runs our agent where you are.", text: (connection) => connection.join_command },
  { name: "A2A server", what: "Puts a server that speaks A2A already, in any language, here.", text: (connection) => connection.bridge_command },
  { name: "Command", what: "Runs a command for each message.", text: (connection) => connection.exec_command },
  { name: "curl", what: "Registers; then fetch messages from the workspace's inbox.", text: (connection) => connection.curl },
  { name: "Python", what: "A program of 50 lines without dependencies.", text: python },
  { name: "Java", what: "The agent's jar as a library.", text: java },
];

/** How the agent joins, in words to copy, and whether it did. The enrolment is shown here once. */
export function Connect({ connection }: { connection: Connection }) {
  const [way, setWay] = useState(0);
  const [shown, setShown] = useState(false);
  const { open, say } = useView.getState();
  const chosen = WAYS[way] ?? WAYS[0];
  const text = chosen?.text(connection) ?? "";
  const masked = shown ? text : text.replaceAll(connection.enrolment_token, `${connection.enrolment_token.slice(0, 8)}••••••`);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      say("Copied");
    } catch {
      setShown(true);
    }
  };
  return (
    <Modal title="Connect the agent" className="wide">
      <h2>Connect the agent</h2>
      <p>
        Run one of these where the agent is. It needs no port and no public address. The enrolment is good once, within 24 hours, and is not shown
        again; the agent then has a token of its own.
      </p>
      <div className="ways" role="tablist" aria-label="Ways to connect">
        {WAYS.map((one, number) => (
          <button key={one.name} role="tab" aria-selected={number === way} className={number === way ? "chosen" : ""} onClick={() => setWay(number)}>
            {one.name}
          </button>
        ))}
      </div>
      <p className="hint">{chosen?.what}</p>
      <pre className="command" data-testid="connect-command">
        {masked}
      </pre>
      <Progress id={connection.workspace_id} />
      <div className="buttons">
        <button onClick={() => setShown(!shown)}>{shown ? "Hide the enrolment" : "Show the enrolment"}</button>
        {window.isSecureContext && <button onClick={() => void copy()}>Copy</button>}
        <button className="primary" onClick={() => open(undefined)}>
          Done
        </button>
      </div>
    </Modal>
  );
}

const BY = {
  uplink: "over a connection that it opened",
  poll: "by asking for them",
  push: "at its URL",
} as const;

/** Turns green with the agent's first word. */
function Progress({ id }: { id: string }) {
  const workspace = useFleet((fleet) => fleet.byId[id]);
  if (!workspace) return null;
  const here = workspace.status === "online" || workspace.status === "degraded";
  return (
    <p className={`progress ${here ? "here" : "waiting"}`} role="status" data-testid="connect-progress">
      <span className="dot" aria-hidden="true" />
      {here ? `${STATUS_WORD[workspace.status]}: messages reach it ${BY[workspace.delivery_mode]}` : "Waiting for the agent …"}
    </p>
  );
}
