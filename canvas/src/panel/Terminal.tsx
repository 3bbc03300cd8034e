import { FitAddon } from "@xterm/addon-fit";
import { Terminal as Screen } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { useEffect, useRef, useState } from "react";
import type { Workspace } from "../api/types";

type State = { word: "connecting" | "open" } | { word: "closed"; why: string };

/** A shell inside its container, as the agent's own user. */
export function Terminal({ workspace }: { workspace: Workspace }) {
  const box = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<State>({ word: "connecting" });
  const [tries, setTries] = useState(0);

  useEffect(() => {
    if (!box.current) return;
    const screen = new Screen({ fontFamily: "ui-monospace, monospace", fontSize: 12, cursorBlink: true, theme: { background: "#0b0e14" } });
    const fit = new FitAddon();
    screen.loadAddon(fit);
    screen.open(box.current);
    fit.fit();
    screen.focus();
    setState({ word: "connecting" });
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/workspaces/${workspace.id}/terminal?cols=${screen.cols}&rows=${screen.rows}`);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => setState({ word: "open" });
    socket.onmessage = (event: MessageEvent<ArrayBuffer>) => screen.write(new Uint8Array(event.data));
    socket.onclose = (event) => setState({ word: "closed", why: event.reason || "the connection ended" });
    const encoder = new TextEncoder();
    const send = (data: string | Uint8Array<ArrayBuffer>) => socket.readyState === WebSocket.OPEN && socket.send(data);
    screen.onData((typed) => send(encoder.encode(typed)));
    screen.onResize(({ cols, rows }) => send(JSON.stringify({ type: "resize", cols, rows })));
    const watch = new ResizeObserver(() => fit.fit());
    watch.observe(box.current);
    return () => {
      watch.disconnect();
      socket.onclose = null;
      socket.close();
      screen.dispose();
    };
  }, [workspace.id, workspace.epoch, tries]);

  return (
    <div className="terminal">
      <div className="screen" ref={box} data-testid="terminal" />
      {state.word === "closed" ? (
        <p className="hint" role="status">
          Closed: {state.why}.{" "}
          <button className="link" onClick={() => setTries(tries + 1)}>
            Open again
          </button>
        </p>
      ) : (
        <p className="hint">{state.word === "open" ? "A shell as the agent's own user. The journal tells that it was opened." : "Connecting …"}</p>
      )}
    </div>
  );
}
