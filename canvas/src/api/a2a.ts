/** A2A 1.0 as the chat speaks it: streaming calls through the platform, a look at a task, a cancel. */

import { randomId } from "./id";

export interface Part {
  text?: string;
}

interface Status {
  state: string;
  message?: { parts: Part[] };
}

export interface StreamResponse {
  task?: { id: string; contextId: string; status: Status; artifacts?: { artifactId: string; parts: Part[] }[] };
  statusUpdate?: { taskId: string; contextId: string; status: Status };
  artifactUpdate?: { taskId: string; artifact: { artifactId: string; parts: Part[] }; append?: boolean };
  message?: { contextId?: string; parts: Part[] };
}

const HEADERS = { "Content-Type": "application/json", "A2A-Version": "1.0" };

function request(method: string, params: unknown): string {
  return JSON.stringify({ jsonrpc: "2.0", id: randomId(), method, params });
}

/** Splits an event stream into the data of its events, however the bytes were cut; comments are dropped. */
export class EventSplitter {
  private rest = "";

  push(text: string): string[] {
    this.rest = (this.rest + text).replaceAll("\r\n", "\n");
    const blocks = this.rest.split("\n\n");
    this.rest = blocks.pop() ?? "";
    return blocks
      .map((block) =>
        block
          .split("\n")
          .filter((line) => line.startsWith("data:"))
          .map((line) => line.slice(5).replace(/^ /, ""))
          .join("\n"),
      )
      .filter((data) => data !== "");
  }
}

interface Following {
  signal: AbortSignal;
  onEvent: (event: StreamResponse) => void;
}

export interface SendOptions extends Following {
  text: string;
  contextId: string | undefined;
  taskId: string | undefined;
}

export async function sendStreaming(workspace: string, options: SendOptions): Promise<void> {
  const message = {
    messageId: randomId(),
    role: "ROLE_USER",
    parts: [{ text: options.text }],
    ...(options.contextId ? { contextId: options.contextId } : {}),
    ...(options.taskId ? { taskId: options.taskId } : {}),
  };
  await stream(workspace, request("SendStreamingMessage", { message }), options);
}

/** A task's events from where it stands. */
export function subscribe(workspace: string, taskId: string, options: Following): Promise<void> {
  return stream(workspace, request("SubscribeToTask", { id: taskId }), options);
}

export async function getTask(workspace: string, id: string): Promise<NonNullable<StreamResponse["task"]>> {
  const response = await fetch(`/workspaces/${workspace}/a2a/`, { method: "POST", headers: HEADERS, body: request("GetTask", { id }) });
  const answer = (await response.json()) as { result?: StreamResponse["task"]; error?: { message: string } };
  if (!answer.result) throw new Error(answer.error?.message ?? `The platform answered ${response.status}`);
  return answer.result;
}

async function stream(workspace: string, body: string, options: Following): Promise<void> {
  const response = await fetch(`/workspaces/${workspace}/a2a/`, {
    method: "POST",
    headers: { ...HEADERS, Accept: "text/event-stream" },
    body,
    signal: options.signal,
  });
  if (!response.body || !response.headers.get("content-type")?.startsWith("text/event-stream")) {
    const answer = (await response.json().catch(() => ({}))) as { error?: { message?: string } | string };
    const error = typeof answer.error === "string" ? answer.error : answer.error?.message;
    throw new Error(error ?? `The platform answered ${response.status}`);
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const splitter = new EventSplitter();
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    for (const data of splitter.push(chunk.value)) {
      const answer = JSON.parse(data) as { result?: StreamResponse; error?: { message: string } };
      if (answer.error) throw new Error(answer.error.message);
      if (answer.result) options.onEvent(answer.result);
    }
  }
}

export async function cancelTask(workspace: string, taskId: string): Promise<void> {
  await fetch(`/workspaces/${workspace}/a2a/`, { method: "POST", headers: HEADERS, body: request("CancelTask", { id: taskId }) });
}
