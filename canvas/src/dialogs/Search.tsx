import { useState } from "react";
import { useFleet } from "../store/fleet";
import { useView } from "../store/view";
import { STATUS_WORD } from "../store/words";
import { Modal } from "./Modal";

const SHOWN_MAX = 12;

/** Finds a workspace by name, role, runtime or state; Enter goes to it. */
export function Search() {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const byId = useFleet((fleet) => fleet.byId);
  const { open, select } = useView.getState();
  const needle = text.trim().toLowerCase();
  const found = Object.values(byId)
    .filter((one) => `${one.name}\n${one.role}\n${one.runtime}\n${STATUS_WORD[one.status]}`.toLowerCase().includes(needle))
    .slice(0, SHOWN_MAX);
  const go = (id: string | undefined) => {
    if (!id) return;
    select(id);
    open(undefined);
  };
  return (
    <Modal title="Search" className="search">
      <input
        role="combobox"
        aria-label="Search workspaces"
        aria-expanded="true"
        aria-controls="found"
        autoFocus
        placeholder="Search by name, role, runtime or state"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") setAt(Math.min(at + 1, found.length - 1));
          else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
          else if (event.key === "Enter") go(found[at]?.id);
          else return;
          event.preventDefault();
        }}
      />
      <ul id="found" role="listbox">
        {found.map((one, index) => (
          <li key={one.id} role="option" aria-selected={index === at} className={`status-${one.status}`} onMouseDown={() => go(one.id)}>
            <span className="dot" aria-hidden="true" />
            <strong>{one.name}</strong>
            <span>{one.role}</span>
            <em>{STATUS_WORD[one.status]}</em>
          </li>
        ))}
        {found.length === 0 && <li className="none">Nothing matches “{text}”.</li>}
      </ul>
    </Modal>
  );
}
