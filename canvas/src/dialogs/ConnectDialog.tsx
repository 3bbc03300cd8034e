import { useEffect, useState } from "react";
import { api } from "../api/client";
import type { Connection, JoinRefusal } from "../api/types";
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

const ci = (connection: Connection) => `molecule agent run --platform ${connection.platform_url} \\
  --token ${connection.enrolment_token} -- ./build.sh`;

const WAYS: { name: string; what: string; text: (connection: Connection) => string }[] = [
  { name: "Our agent", what: "Runs our agent where you are.", text: (connection) => connection.join_command },
  { name: "A2A server", what: "Puts a server that speaks A2A already, in any language, here.", text: (connection) => connection.bridge_command },
  { name: "Command", what: "Runs a command for each message.", text: (connection) => connection.exec_command },
  { name: "curl", what: "Registers; then fetch messages from the workspace's inbox.", text: (connection) => connection.curl },
  { name: "Python", what: "A program of 50 lines without dependencies.", text: python },
  { name: "CI", what: "Joins for one command, and leaves. For a pipeline make a rule instead (Pipelines): its runs then join by themselves.", text: ci },
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
        Run one of these where the agent is. It needs no port and no public address. The enrolment is good once, until{" "}
        {new Date(connection.expires_at).toLocaleString()}, and is not shown again; the agent then has a token of its own.
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

/** Turns green with the agent's first word; until then it tells who was refused. */
function Progress({ id }: { id: string }) {
  const workspace = useFleet((fleet) => fleet.byId[id]);
  const here = workspace?.status === "online" || workspace?.status === "degraded";
  const refused = useRefusals(id, !here);
  if (!workspace) return null;
  return (
    <div role="status" data-testid="connect-progress">
      <p className={`progress ${here ? "here" : "waiting"}`}>
        <span className="dot" aria-hidden="true" />
        {here ? `${STATUS_WORD[workspace.status]}: messages reach it ${BY[workspace.delivery_mode]}` : "Waiting for the agent …"}
      </p>
      {!here && refused && (
        <p className="problem" data-testid="connect-refused">
          Somebody at {refused.peer} was refused: {refused.error}. {REMEDY[refused.code] ?? ""}
        </p>
      )}
    </div>
  );
}

const REMEDY: Record<string, string> = {
  invalid_token: "Was the enrolment copied whole, and used only once? Another one: Details, Connect an agent.",
  plain_http: "Does the address begin with https? This port speaks plain HTTP; use http, or the address of the proxy that speaks TLS.",
  url_not_allowed: "Leave the URL out and let the agent connect by itself, or list its range in ALLOWED_AGENT_CIDRS.",
  forbidden: "The enrolment is for another workspace.",
  superseded: "It shows an old token; a newer agent has taken its place.",
  identity_in_use: "The same identity is connected from somewhere else; give each agent a state directory of its own.",
};

const PACE = 2000;

/** The last refusal since this is open, of this workspace's agent or of somebody unknown. */
function useRefusals(id: string, waiting: boolean): JoinRefusal | undefined {
  const [since] = useState(() => new Date().toISOString());
  const [last, setLast] = useState<JoinRefusal>();
  useEffect(() => {
    if (!waiting) return;
    let timer: ReturnType<typeof setTimeout>;
    let wanted = true;
    const ask = async () => {
      const all = await api.joinRefusals().catch(() => []);
      if (!wanted) return;
      setLast(all.find((one) => one.at >= since && (one.workspace_id === null || one.workspace_id === id)));
      timer = setTimeout(() => void ask(), PACE);
    };
    void ask();
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [id, waiting, since]);
  return last;
}
