import { useEffect, useRef, useState } from "react";
import type { Workspace } from "../api/types";

const KEPT_MAX = 5000;

/** What its agent writes, as it writes it. A new epoch is a new log. */
export function Logs({ workspace }: { workspace: Workspace }) {
  const [lines, setLines] = useState<string[]>([]);
  const [state, setState] = useState<"following" | "ended" | "unreadable">("following");
  const box = useRef<HTMLPreElement>(null);
  const atEnd = useRef(true);

  useEffect(() => {
    setLines([]);
    setState("following");
    const source = new EventSource(`/workspaces/${workspace.id}/logs?follow=true&tail=500`);
    let waiting: string[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = () => {
      const more = waiting;
      waiting = [];
      timer = undefined;
      setLines((known) => [...known, ...more].slice(-KEPT_MAX));
    };
    source.onmessage = (event: MessageEvent<string>) => {
      waiting.push(event.data);
      timer ??= setTimeout(show, 50);
    };
    source.addEventListener("end", () => {
      source.close();
      setState("ended");
    });
    source.onerror = () => {
      source.close();
      setState((now) => (now === "ended" ? now : "unreadable"));
    };
    return () => {
      source.close();
      clearTimeout(timer);
    };
  }, [workspace.id, workspace.epoch]);

  useEffect(() => {
    if (atEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines]);

  return (
    <div className="logs">
      <pre
        ref={box}
        data-testid="log"
        tabIndex={0}
        onScroll={(event) => {
          const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
          atEnd.current = scrollHeight - scrollTop - clientHeight < 24;
        }}
      >
        {lines.length === 0 && state === "following" ? "Nothing written yet." : lines.join("\n")}
      </pre>
      <p className="hint">{{ following: "Following.", ended: "The agent ended.", unreadable: "There is no log to be had now." }[state]}</p>
    </div>
  );
}
