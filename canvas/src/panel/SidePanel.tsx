import { useFleet } from "../store/fleet";
import { type Tab, useView } from "../store/view";
import { STATUS_WORD } from "../store/words";
import { Chat } from "./Chat";
import { Details } from "./Details";
import { Events } from "./Events";
import { Secrets } from "./Secrets";
import { Tasks } from "./Tasks";

const TABS: readonly { id: Tab; label: string }[] = [
  { id: "details", label: "Details" },
  { id: "chat", label: "Chat" },
  { id: "tasks", label: "Tasks" },
  { id: "secrets", label: "Secrets" },
  { id: "events", label: "Events" },
];

export function SidePanel() {
  const selected = useView((view) => view.selected);
  const tab = useView((view) => view.tab);
  const { setTab, select } = useView.getState();
  const workspace = useFleet((fleet) => (selected ? fleet.byId[selected] : undefined));
  if (!workspace) return null;
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
        {TABS.map((one) => (
          <button key={one.id} role="tab" aria-selected={tab === one.id} onClick={() => setTab(one.id)}>
            {one.label}
          </button>
        ))}
      </nav>
      <div className="panel-body" role="tabpanel">
        {tab === "details" && <Details key={workspace.id} workspace={workspace} />}
        <div className="fill" hidden={tab !== "chat"}>
          <Chat key={workspace.id} workspace={workspace} />
        </div>
        {tab === "tasks" && <Tasks key={workspace.id} workspace={workspace} />}
        {tab === "secrets" && <Secrets key={workspace.id} workspace={workspace} />}
        {tab === "events" && <Events key={workspace.id} workspace={workspace} />}
      </div>
    </aside>
  );
}
