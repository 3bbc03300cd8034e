import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { type StreamResponse, cancelTask, getTask, sendStreaming, subscribe } from "../api/a2a";
import type { TaskLine, Workspace } from "../api/types";
import { STATUS_WORD } from "../store/words";
import { api } from "../api/client";
import { type Said, useFleet } from "../store/fleet";
import { useView } from "../store/view";
import { ApprovalCard } from "../dialogs/Approvals";
import { useApprovals } from "../store/approvals";
import { type Conversation, EMPTY, ask, catchUp, failed, goOn, hear, notice } from "./conversation";

/** What was asked of others for an answer, each with a way to it. */
function Delegated({ task, changes }: { task: string; changes: string }) {
  const [asked, setAsked] = useState<readonly TaskLine[]>([]);
  const { select } = useView.getState();
  const byId = useFleet((fleet) => fleet.byId);
  useEffect(() => {
    let wanted = true;
    api
      .task(task)
      .then((shown) => wanted && setAsked(shown.tree.filter((one) => one.parent_task_id === task)))
      .catch(() => {});
    return () => {
      wanted = false;
    };
  }, [task, changes]);
  if (asked.length === 0) return null;
  return (
    <ul className="delegated" aria-label="Delegated">
      {asked.map((one) => (
        <li key={one.id}>
          <button className="link" onClick={() => select(one.target_id, "tasks")}>
            {byId[one.target_id]?.name ?? "a removed workspace"}
          </button>{" "}
          {one.state} · {one.text}
        </li>
      ))}
    </ul>
  );
}

/** A conversation with one agent over A2A, streamed as it speaks; a running answer can be canceled. */
export function Chat({ workspace }: { workspace: Workspace }) {
  const [conversation, setConversation] = useState<Conversation>(EMPTY);
  const [draft, setDraft] = useState("");
  const abort = useRef<AbortController>(undefined);
  const end = useRef<HTMLDivElement>(null);
  const reachable = workspace.status === "online" || workspace.status === "degraded";
  const busy = conversation.running;

  useEffect(() => {
    end.current?.scrollIntoView({ block: "end" });
  }, [conversation]);
  useEffect(() => () => abort.current?.abort(), []);

  const said = useFleet((fleet) => fleet.said[workspace.id]);
  const shown = useRef(new Set<number>());
  const show = (messages: readonly Said[]) => {
    const news = messages.filter((one) => !shown.current.has(one.seq));
    for (const one of news) shown.current.add(one.seq);
    if (news.length) setConversation((before) => news.reduce((now, one) => notice(now, one.text), before));
  };
  useEffect(() => {
    api.notices(workspace.id).then(show).catch(useView.getState().complain);
  }, [workspace.id]);
  useEffect(() => show(said ?? []), [said]);

  const heard = (event: StreamResponse) => setConversation((before) => (event.task ? catchUp(before, event.task) : hear(before, event)));
  const goOnWith = async (taskId: string) => {
    setConversation(goOn);
    abort.current = new AbortController();
    try {
      await subscribe(workspace.id, taskId, { signal: abort.current.signal, onEvent: heard }).catch(async () => heard({ task: await getTask(workspace.id, taskId) }));
    } catch (problem) {
      setConversation((before) => failed(before, problem instanceof Error ? problem.message : String(problem)));
    }
    setConversation((before) => ({ ...before, running: false }));
  };
  const approvals = useApprovals((all) => all.pending).filter((one) => one.workspace_id === workspace.id);
  const waitsForPerson = approvals.some((one) => one.task_id === conversation.waitingTask);
  const waited = useRef(false);
  useEffect(() => {
    if (waited.current && !waitsForPerson && conversation.waitingTask && !busy) void goOnWith(conversation.waitingTask);
    waited.current = waitsForPerson;
  }, [waitsForPerson, conversation.waitingTask, busy]);

  const send = async () => {
    const text = draft.trim();
    if (!text || busy) return;
    setDraft("");
    setConversation((before) => ask(before, text, reachable ? undefined : `waits until ${workspace.name} is back`));
    abort.current = new AbortController();
    try {
      await sendStreaming(workspace.id, {
        text,
        contextId: conversation.contextId,
        taskId: conversation.waitingTask,
        signal: abort.current.signal,
        onEvent: (event) => setConversation((before) => hear(before, event)),
      });
    } catch (problem) {
      setConversation((before) => failed(before, problem instanceof Error ? problem.message : String(problem)));
    }
    setConversation((before) => ({ ...before, running: false }));
  };

  const cancel = () => {
    if (conversation.taskId) void cancelTask(workspace.id, conversation.taskId);
    else abort.current?.abort();
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      void send();
    }
  };

  return (
    <div className="chat">
      <div className="turns" aria-live="polite">
        {conversation.turns.length === 0 && <p className="hint">Say something to {workspace.name}. An echo agent also knows: slow, events, sleep, fail, ask, input.</p>}
        {conversation.turns.map((turn, index) => (
          <div key={index} className={`turn ${turn.from}${turn.tone ? ` ${turn.tone}` : ""}`}>
            {turn.steps && (
              <ul className="steps" aria-label="Tools called">
                {turn.steps.map((tool, place) => (
                  <li key={place}>{tool}</li>
                ))}
              </ul>
            )}
            {turn.task && turn.steps?.some((tool) => tool.startsWith("delegate_task")) && (
              <Delegated task={turn.task} changes={`${turn.steps.length} ${busy}`} />
            )}
            {turn.text}
            {turn.from === "agent" && busy && index === conversation.turns.length - 1 && <span className="caret" aria-hidden="true" />}
            {turn.note && <small>{turn.note}</small>}
          </div>
        ))}
        {approvals.map((one) => (
          <ApprovalCard key={one.id} approval={one} />
        ))}
        <div ref={end} />
      </div>
      <div className="composer">
        <textarea
          aria-label="Message"
          rows={2}
          placeholder={reachable ? "Message" : `${workspace.name} is ${STATUS_WORD[workspace.status].toLowerCase()}; a message waits for it`}
          value={draft}
          onChange={(event) => setDraft(event.target.value)}
          onKeyDown={onKeyDown}
        />
        {busy ? (
          <button onClick={cancel}>Cancel</button>
        ) : (
          <button className="primary" disabled={!draft.trim()} onClick={() => void send()}>
            Send
          </button>
        )}
      </div>
    </div>
  );
}
