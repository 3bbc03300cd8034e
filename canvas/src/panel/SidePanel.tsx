import { lazy, Suspense } from "react";
import { useFleet } from "../store/fleet";
import { type Tab, useView } from "../store/view";
import { STATUS_WORD } from "../store/words";
import { Chat } from "./Chat";
import { Config } from "./Config";
import { Details } from "./Details";
import { Events } from "./Events";
import { Logs } from "./Logs";
import { Memory } from "./Memory";
import { Secrets } from "./Secrets";
import { Tasks } from "./Tasks";
import { Usage } from "./Usage";

const Terminal = lazy(() => import("./Terminal").then((loaded) => ({ default: loaded.Terminal })));

/** What there is to look into when the platform runs the agent. */
const INSIDE: readonly Tab[] = ["logs", "terminal"];

const TABS: readonly { id: Tab; label: string }[] = [
  { id: "details", label: "Details" },
  { id: "chat", label: "Chat" },
  { id: "tasks", label: "Tasks" },
  { id: "logs", label: "Logs" },
  { id: "terminal", label: "Terminal" },
  { id: "config", label: "Config" },
  { id: "memory", label: "Memory" },
  { id: "usage", label: "Usage" },
  { id: "secrets", label: "Secrets" },
  { id: "events", label: "Events" },
];

export function SidePanel() {
  const selected = useView((view) => view.selected);
  const tab = useView((view) => view.tab);
  const { setTab, select } = useView.getState();
  const workspace = useFleet((fleet) => (selected ? fleet.byId[selected] : undefined));
  if (!workspace) return null;
  const tabs = TABS.filter((one) => !INSIDE.includes(one.id) || (!workspace.external && (one.id !== "terminal" || workspace.backend !== "process")));
  const shown = tabs.some((one) => one.id === tab) ? tab : "details";
  return (
    <aside className="panel" aria-label={workspace.name}>
      <header className={`status-${workspace.status}`}>
        <span className="dot" aria-hidden="true" />
        <div>
          <h2>{workspace.name}</h2>
          <p>
            {STATUS_WORD[workspace.status]} · T{workspace.tier} · {workspace.external ? "remote" : `${workspace.runtime} on ${workspace.backend}`}
          </p>
        </div>
        <button className="quiet" aria-label="Close" onClick={() => select(undefined)}>
          ✕
        </button>
      </header>
      <nav role="tablist">
        {tabs.map((one) => (
          <button key={one.id} role="tab" aria-selected={shown === one.id} onClick={() => setTab(one.id)}>
            {one.label}
          </button>
        ))}
      </nav>
      <div className="panel-body" role="tabpanel">
        {shown === "details" && <Details key={workspace.id} workspace={workspace} />}
        <div className="fill" hidden={shown !== "chat"}>
          <Chat key={workspace.id} workspace={workspace} />
        </div>
        {shown === "tasks" && <Tasks key={workspace.id} workspace={workspace} />}
        {shown === "logs" && <Logs key={workspace.id} workspace={workspace} />}
        {shown === "terminal" && (
          <Suspense fallback={<p className="hint">Loading the terminal …</p>}>
            <Terminal key={workspace.id} workspace={workspace} />
          </Suspense>
        )}
        {shown === "config" && <Config key={workspace.id} workspace={workspace} />}
        {shown === "memory" && <Memory key={workspace.id} workspace={workspace} />}
        {shown === "usage" && <Usage key={workspace.id} workspace={workspace} />}
        {shown === "secrets" && <Secrets key={workspace.id} workspace={workspace} />}
        {shown === "events" && <Events key={workspace.id} workspace={workspace} />}
      </div>
    </aside>
  );
}
