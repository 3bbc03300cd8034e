import type { Part, StreamResponse } from "../api/a2a";

export interface Turn {
  from: "me" | "agent";
  text: string;
  note?: string;
  /** The task that it is the answer of. */
  task?: string;
  /** The tools that were called for it, in order. */
  steps?: readonly string[];
  tone?: "error" | "canceled" | "question" | "notice";
}

/** A conversation as it stands. A value: every event makes a new one. */
export interface Conversation {
  turns: readonly Turn[];
  running: boolean;
  contextId: string | undefined;
  taskId: string | undefined;
  /** The task that waits for our answer. */
  waitingTask: string | undefined;
  /** What the last turn is made of, by artifact, in order. */
  saying?: readonly Saying[];
}

interface Saying {
  artifact: string;
  text: string;
}

/** How our engines say that they call a tool. */
const CALLS = "calls ";

export const EMPTY: Conversation = { turns: [], running: false, contextId: undefined, taskId: undefined, waitingTask: undefined };

/** @param note what to say while nothing comes */
export function ask(before: Conversation, text: string, note?: string): Conversation {
  return { ...before, turns: [...before.turns, { from: "me", text }, { from: "agent", text: "", ...(note && { note }) }], running: true, taskId: undefined, waitingTask: undefined, saying: [] };
}

/** The task that waited goes on without a message of ours. */
export function goOn(before: Conversation): Conversation {
  return { ...before, turns: [...before.turns, { from: "agent", text: "" }], running: true, waitingTask: undefined, saying: [] };
}

/** A task as a whole, where what led to it was not heard. */
export function catchUp(before: Conversation, task: NonNullable<StreamResponse["task"]>): Conversation {
  return hear(written(before, saying(task)), { task });
}

/** The agent speaks up by itself: before what it is just saying, if it is. */
export function notice(before: Conversation, text: string): Conversation {
  const turn: Turn = { from: "agent", text, tone: "notice" };
  const saying = before.running ? before.turns.slice(-1) : [];
  return { ...before, turns: [...before.turns.slice(0, before.turns.length - saying.length), turn, ...saying] };
}

export function failed(before: Conversation, problem: string): Conversation {
  return last(before, (turn) => ({ ...turn, tone: "error", note: problem }));
}

export function hear(before: Conversation, event: StreamResponse): Conversation {
  if (event.task) {
    const task = event.task.id;
    // A task that begins again, because its agent died, has not said what that one said.
    const from = before.taskId === task ? written(before, saying(event.task)) : before;
    const heard = { ...last(from, (turn) => ({ ...turn, task })), taskId: task, contextId: event.task.contextId };
    return state(heard, event.task.id, event.task.status.state, words(event.task.status.message?.parts));
  }
  if (event.artifactUpdate) {
    return last(written(before, updated(before.saying ?? [], event.artifactUpdate)), ({ note: _note, ...turn }) => turn);
  }
  if (event.statusUpdate) {
    const { taskId, status } = event.statusUpdate;
    return state(before, taskId, status.state, words(status.message?.parts));
  }
  if (event.message) {
    const text = words(event.message.parts);
    return last(before, (turn) => ({ ...turn, text: turn.text + text }));
  }
  return before;
}

type Task = NonNullable<StreamResponse["task"]>;

function saying(task: Task): Saying[] {
  return (task.artifacts ?? []).map((artifact) => ({ artifact: artifact.artifactId, text: words(artifact.parts) }));
}

/** What does not add to an artifact takes its place. */
function updated(before: readonly Saying[], update: NonNullable<StreamResponse["artifactUpdate"]>): Saying[] {
  const next = { artifact: update.artifact.artifactId, text: words(update.artifact.parts) };
  const known = before.find((one) => one.artifact === next.artifact);
  if (!known) return [...before, next];
  return before.map((one) => (one === known ? { ...next, text: update.append ? known.text + next.text : next.text } : one));
}

function written(before: Conversation, saying: readonly Saying[]): Conversation {
  const text = saying.map((one) => one.text).join("");
  return { ...last(before, (turn) => ({ ...turn, text })), saying };
}

function state(before: Conversation, taskId: string, wire: string, said: string): Conversation {
  switch (wire) {
    case "TASK_STATE_FAILED":
    case "TASK_STATE_REJECTED":
      return over(before, (turn) => ({ ...turn, tone: "error", note: said || "failed" }));
    case "TASK_STATE_CANCELED":
      return over(before, (turn) => ({ ...turn, tone: "canceled", note: "canceled" }));
    case "TASK_STATE_INPUT_REQUIRED":
      return { ...last(before, (turn) => ({ from: "agent", text: turn.text + said, tone: "question" })), waitingTask: taskId };
    case "TASK_STATE_COMPLETED":
      return over(before, ({ note: _note, ...turn }) => turn);
    default:
      return said ? last(before, (turn) => (said.startsWith(CALLS) ? called(turn, said.slice(CALLS.length)) : { ...turn, note: said })) : before;
  }
}

/** A task that has ended waits for nothing. */
function over(before: Conversation, change: (turn: Turn) => Turn): Conversation {
  return { ...last(before, change), waitingTask: undefined };
}

function called({ note: _note, ...turn }: Turn, tool: string): Turn {
  return { ...turn, steps: [...(turn.steps ?? []), tool] };
}

function last(before: Conversation, change: (turn: Turn) => Turn): Conversation {
  const turn = before.turns.at(-1);
  return turn ? { ...before, turns: [...before.turns.slice(0, -1), change(turn)] } : before;
}

function words(parts: readonly Part[] | undefined): string {
  return (parts ?? []).map((part) => part.text ?? "").join("");
}
