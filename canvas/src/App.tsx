import { ReactFlowProvider } from "@xyflow/react";
import { useEffect, useState } from "react";
import { Refused, api } from "./api/client";
import { openFeed } from "./api/socket";
import { Canvas } from "./canvas/Canvas";
import { CreateDialog } from "./dialogs/CreateDialog";
import { Approvals } from "./dialogs/Approvals";
import { DeadLetters } from "./dialogs/DeadLetters";
import { FleetTable } from "./dialogs/FleetTable";
import { ConnectDialog } from "./dialogs/ConnectDialog";
import { Pipelines } from "./dialogs/Pipelines";
import { RemoveDialog } from "./dialogs/RemoveDialog";
import { Search } from "./dialogs/Search";
import { SidePanel } from "./panel/SidePanel";
import { SignIn } from "./SignIn";
import { followApprovals } from "./store/approvals";
import { useFleet } from "./store/fleet";
import { useView } from "./store/view";
import { Toasts } from "./Toasts";
import { Toolbar } from "./Toolbar";

const TOAST_TEXT_MAX = 140;

async function signedIn(): Promise<boolean> {
  try {
    await api.session();
    return true;
  } catch (problem) {
    if (problem instanceof Refused && problem.status === 401) return false;
    throw problem;
  }
}

export function App() {
  const [state, setState] = useState<"asking" | "in" | "out" | "down">("asking");
  const link = useFleet((fleet) => fleet.link);
  useEffect(() => {
    signedIn().then(
      (yes) => setState(yes ? "in" : "out"),
      () => setState("down"),
    );
  }, []);
  if (state === "asking") return null;
  if (state === "down") {
    return (
      <main className="signin">
        <p>
          The platform does not answer. <button onClick={() => location.reload()}>Try again</button>
        </p>
      </main>
    );
  }
  if (state === "out" || link === "signed-out") {
    return (
      <SignIn
        onSignedIn={() => {
          useFleet.getState().setLink("connecting");
          setState("in");
        }}
      />
    );
  }
  return <House />;
}

function House() {
  // Before the first frame can come.
  useEffect(followApprovals, []);
  useEffect(
    () =>
      openFeed({
        since: () => useFleet.getState().seq,
        onFrame: (frame) => {
          useFleet.getState().apply(frame);
          if (frame.event === "AGENT_MESSAGE" && useView.getState().selected !== frame.workspace_id) {
            useView.getState().say(`${frame.payload.name}: ${frame.payload.message.slice(0, TOAST_TEXT_MAX)}`);
          }
        },
        onLink: useFleet.getState().setLink,
        stillSignedIn: signedIn,
      }),
    [],
  );
  useKeys();
  const dialog = useView((view) => view.dialog);
  return (
    <ReactFlowProvider>
      <Toolbar />
      <main className="stage">
        <Stage />
        <SidePanel />
      </main>
      {dialog?.kind === "create" && <CreateDialog parent={dialog.parent} />}
      {dialog?.kind === "search" && <Search />}
      {dialog?.kind === "dead-letters" && <DeadLetters />}
      {dialog?.kind === "approvals" && <Approvals />}
      {dialog?.kind === "table" && <FleetTable />}
      {dialog?.kind === "pipelines" && <Pipelines />}
      {dialog?.kind === "remove" && <RemoveDialog id={dialog.id} />}
      {dialog?.kind === "connect" && <ConnectDialog id={dialog.id} />}
      <Toasts />
    </ReactFlowProvider>
  );
}

function Stage() {
  const known = useFleet((fleet) => fleet.seq !== undefined);
  const empty = useFleet((fleet) => Object.keys(fleet.byId).length === 0);
  if (!known) return <div className="canvas" />;
  return <div className="canvas">{empty ? <Empty /> : <Canvas />}</div>;
}

function Empty() {
  const open = useView((view) => view.open);
  return (
    <section className="empty">
      <img src="/favicon.svg" alt="" width="56" height="56" />
      <h2>No agents yet</h2>
      <p>A workspace is a role in your organisation. Create one and its agent starts within a second or two; then talk to it.</p>
      <button className="primary" onClick={() => open({ kind: "create", parent: undefined })}>
        Create the first workspace
      </button>
      <p className="hint">
        Or run <code>./molecule demo</code> in a terminal for an organisation that is already busy.
      </p>
    </section>
  );
}

function useKeys() {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const view = useView.getState();
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        view.open({ kind: "search" });
      } else if (event.key === "Escape" && !view.dialog) {
        view.select(undefined);
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}
