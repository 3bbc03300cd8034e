import { describe, expect, it } from "vitest";
import { EventSplitter, type StreamResponse } from "../api/a2a";
import { EMPTY, ask, catchUp, goOn, hear, notice } from "./conversation";

const task: StreamResponse = { task: { id: "t", contextId: "c", status: { state: "TASK_STATE_SUBMITTED" } } };
const words = (text: string, append = true, artifactId = "a"): StreamResponse => ({ artifactUpdate: { taskId: "t", artifact: { artifactId, parts: [{ text }] }, append } });
const status = (state: string, text?: string): StreamResponse => ({
  statusUpdate: { taskId: "t", contextId: "c", status: { state, ...(text ? { message: { parts: [{ text }] } } : {}) } },
});
const after = (...events: StreamResponse[]) => events.reduce(hear, ask(EMPTY, "hi"));

describe("a conversation", () => {
  it("grows word by word", () => {
    expect(after(task, words("one"), words(" two"), status("TASK_STATE_COMPLETED")).turns).toEqual([
      { from: "me", text: "hi" },
      { from: "agent", text: "one two", task: "t" },
    ]);
  });

  it("takes back what an agent writes anew, and what it said before it died", () => {
    const text = (...events: StreamResponse[]) => after(task, ...events).turns.at(-1)?.text;
    expect(text(words("draft", false), words("er"), words("ans", false), words("wer"))).toBe("answer");
    expect(text(words("one ", false), words("two", false, "b"), words("1 ", false))).toBe("1 two");
    expect(text(words("half"), task, words("whole", false))).toBe("whole");
  });

  it("shows what an agent says by itself before what it is just saying", () => {
    const speaking = notice(after(task, words("one")), "by the way");
    expect(speaking.turns.map((turn) => turn.text)).toEqual(["hi", "by the way", "one"]);
    expect(notice(EMPTY, "hello").turns).toEqual([{ from: "agent", text: "hello", tone: "notice" }]);
  });

  it("shows the tools that are called, and what else it says of itself", () => {
    const calling = after(task, status("TASK_STATE_WORKING", "calls list_peers"), status("TASK_STATE_WORKING", "calls delegate_task"), status("TASK_STATE_WORKING", "waits"));
    expect(calling.turns.at(-1)).toEqual({ from: "agent", text: "", task: "t", steps: ["list_peers", "delegate_task"], note: "waits" });
  });

  it("says why a task failed", () => {
    expect(after(task, status("TASK_STATE_FAILED", "out of ink")).turns.at(-1)).toEqual({ from: "agent", text: "", task: "t", tone: "error", note: "out of ink" });
  });

  it("answers the task that asked back", () => {
    const asked = after(task, status("TASK_STATE_INPUT_REQUIRED", "Which?"));
    expect(asked.waitingTask).toBe("t");
    expect(asked.turns.at(-1)).toMatchObject({ text: "Which?", tone: "question" });
    expect(ask(asked, "that").waitingTask).toBeUndefined();
  });

  it("goes on with a task that a person has decided on, from wherever it is by then", () => {
    const waiting = after(task, status("TASK_STATE_INPUT_REQUIRED", "Waits"));
    const going = hear(catchUp(goOn(waiting), { id: "t", contextId: "c", status: { state: "TASK_STATE_WORKING" }, artifacts: [{ artifactId: "a", parts: [{ text: "half " }] }] }), words("done"));
    expect(going.turns.map((turn) => turn.text)).toEqual(["hi", "Waits", "half done"]);
    expect(going.waitingTask).toBeUndefined();
  });

  it("shows a canceled task as canceled", () => {
    expect(after(task, words("on"), status("TASK_STATE_CANCELED")).turns.at(-1)).toMatchObject({ text: "on", tone: "canceled" });
  });
});

describe("the event splitter", () => {
  it("puts events together however they were cut, and drops comments", () => {
    const stream = ": keep-alive\n\ndata: {\"a\":1}\n\ndata: one\ndata: two\r\n\r\nid: 3\n\n";
    for (let cut = 1; cut < 6; cut++) {
      const splitter = new EventSplitter();
      const all: string[] = [];
      for (let at = 0; at < stream.length; at += cut) all.push(...splitter.push(stream.slice(at, at + cut)));
      expect(all).toEqual(['{"a":1}', "one\ntwo"]);
    }
  });
});
