import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from "react";
import { api, type Configured, Refused } from "../api/client";
import type { Workspace } from "../api/types";
import { type Draft, useDrafts } from "../store/drafts";
import { useFleet } from "../store/fleet";
import { useView } from "../store/view";
import { changed, placeOf, shown, written } from "./lines";

const MAIN = "config.yaml";
const SUGGESTED = [MAIN, "system-prompt.md", "skills/review/SKILL.md"];
const EXAMPLE: Readonly<Record<string, string>> = {
  [MAIN]: "role: reads code before people do\nruntime_config:\n  required_env: [OPENAI_API_KEY]",
  "system-prompt.md": "Answer in one line.",
};

/** What the agent is configured with, as the files that they are: what is not changed here stays as it was written. */
export function Config({ workspace }: { workspace: Workspace }) {
  const [kept, setKept] = useState<Configured>();
  const [path, setPath] = useState(MAIN);
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const seq = useFleet((fleet) => fleet.configurationsSeq);
  const drafts = useDrafts((all) => all.byFile);
  const { complain, say } = useView.getState();

  useEffect(() => {
    let wanted = true;
    api.configuration(workspace.id).then((fresh) => wanted && setKept(fresh), complain);
    return () => {
      wanted = false;
    };
  }, [workspace.id, seq]);

  if (!kept) return <p className="hint">Reading …</p>;

  const key = (file: string) => `${workspace.id}/${file}`;
  const theirs = kept.files[path];
  const draft: Draft | undefined = drafts[key(path)];
  const text = draft?.text ?? shown(theirs ?? "");
  const conflict = draft !== undefined && draft.base !== theirs;
  const paths = [...new Set([MAIN, ...Object.keys(kept.files), ...Object.keys(drafts).filter((file) => file.startsWith(`${workspace.id}/`)).map((file) => file.slice(workspace.id.length + 1)), path])].sort((a, b) => Number(b === MAIN) - Number(a === MAIN) || a.localeCompare(b));

  const open = (file: string) => {
    setPath(file);
    setFault("");
  };

  const edit = (value: string) => {
    const base = draft ? draft.base : theirs;
    if (base !== undefined && value === shown(base)) useDrafts.getState().drop(key(path));
    else useDrafts.getState().keep(key(path), { base, text: value });
  };

  const save = async (over: Configured = kept, again = true): Promise<void> => {
    const before = draft?.base;
    try {
      const content = before === undefined ? text : written(before, text);
      const fresh = await api.saveFile(workspace.id, path, content, over.tag);
      const typed = useDrafts.getState().byFile[key(path)];
      if (typed && typed.text !== text) useDrafts.getState().keep(key(path), { base: content, text: typed.text });
      else useDrafts.getState().drop(key(path));
      setKept(fresh);
      setFault("");
      say(`${path} is saved: it counts with the next message`);
    } catch (problem) {
      if (problem instanceof Refused && problem.code === "conflict") {
        const fresh = await api.configuration(workspace.id);
        setKept(fresh);
        if (again && fresh.files[path] === before) return save(fresh, false);
        return;
      }
      const refusal = problem instanceof Error ? problem.message : String(problem);
      setFault(refusal);
      const place = placeOf(refusal, text);
      if (place !== undefined) {
        field.current?.focus();
        field.current?.setSelectionRange(place, Math.max(place, shown(text).indexOf("\n", place)));
      }
    }
  };

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (busy || !draft || conflict) return;
    setBusy(true);
    void save().catch(complain).finally(() => setBusy(false));
  };

  const remove = () => {
    const gone = kept.files[path] ?? "";
    api.deleteFile(workspace.id, path, kept.tag).then((fresh) => {
      setKept(fresh);
      // What was typed and not saved stays, as a file that is not there yet.
      const typed = useDrafts.getState().byFile[key(path)];
      if (typed) useDrafts.getState().keep(key(path), { base: undefined, text: typed.text });
      else open(MAIN);
      say(`${path} is deleted`, () => void api.saveFile(workspace.id, path, gone, fresh.tag).catch(complain));
    }, complain);
  };

  const begin = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const file = String(new FormData(form).get("path")).trim();
    if (kept.files[file] === undefined && !drafts[key(file)]) useDrafts.getState().keep(key(file), { base: undefined, text: "" });
    open(file);
    form.reset();
  };

  const keys = (event: KeyboardEvent) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "s") submit(event);
  };

  const lines = draft && changed(shown(draft.base ?? ""), draft.text);
  return (
    <div className="config">
      <ul aria-label="Files">
        {paths.map((file) => (
          <li key={file}>
            <button className="link mono" aria-current={file === path} onClick={() => open(file)}>
              {file}
            </button>
            {drafts[key(file)] ? <em title="Changed, and not saved"> ●</em> : kept.files[file] === undefined && <small> not there yet</small>}
          </li>
        ))}
      </ul>
      <form className="begin" onSubmit={begin}>
        <input name="path" aria-label="Path of a new file" required maxLength={200} list="config-paths" placeholder="skills/review/SKILL.md" autoComplete="off" />
        <datalist id="config-paths">
          {SUGGESTED.filter((file) => kept.files[file] === undefined && !drafts[key(file)]).map((file) => (
            <option key={file} value={file} />
          ))}
        </datalist>
        <button className="quiet">New file</button>
      </form>
      <form className="editor" onSubmit={submit}>
        <textarea ref={field} className="mono" aria-label={path} spellCheck={false} maxLength={262144} value={text} placeholder={EXAMPLE[path]} onChange={(event) => edit(event.target.value)} onKeyDown={keys} />
        {conflict && (
          <p className="notice" role="alert">
            Somebody else {theirs === undefined ? "deleted" : "changed"} this file meanwhile.{" "}
            <button type="button" className="link" onClick={() => useDrafts.getState().drop(key(path))}>
              Take theirs
            </button>{" "}
            <button type="button" className="link" onClick={() => useDrafts.getState().keep(key(path), { base: theirs, text })}>
              Keep mine
            </button>
          </p>
        )}
        {fault && (
          <p className="refused" role="alert">
            {fault}
          </p>
        )}
        <footer>
          <small role="status">{lines ? `not saved: +${lines.added} −${lines.gone} lines` : theirs === undefined ? "" : "saved"}</small>
          {theirs !== undefined && (
            <button type="button" className="quiet" aria-label={`Delete ${path}`} onClick={remove}>
              Delete
            </button>
          )}
          {draft && (
            <button type="button" className="quiet" onClick={() => (useDrafts.getState().drop(key(path)), setFault(""))}>
              Discard
            </button>
          )}
          <button className="primary" disabled={!draft || busy || conflict}>
            Save
          </button>
        </footer>
      </form>
      {kept.warnings.length > 0 && (
        <ul aria-label="Warnings" className="warnings">
          {kept.warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
    </div>
  );
}
