import { randomUUID } from "node:crypto";
import { ListTasksRequest, Message, Part, SendMessageConfiguration, type StreamResponse, Task, taskStateToJSON } from "@a2a-js/sdk";
import { type Client, ClientFactory, ClientFactoryOptions, JsonRpcTransportFactory, RestTransportFactory } from "@a2a-js/sdk/client";

/** Somewhere to call. */
export interface Target {
  /** Where the card is found; ends with a slash. */
  url: string;
  bearer?: string;
  binding: "JSONRPC" | "HTTP+JSON";
  /** Looks at what comes back. */
  fetch?: typeof fetch;
  /** The card of an agent that serves none. */
  card?: unknown;
  /** The version to insist on. */
  version?: string;
}

export async function connect(target: Target): Promise<Client> {
  const authorized: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers);
    if (target.bearer) headers.set("Authorization", `Bearer ${target.bearer}`);
    return (target.fetch ?? fetch)(input, { ...init, headers });
  };
  const legacyCompat = { enabled: target.version === "0.3" };
  const transports =
    target.binding === "JSONRPC"
      ? [new JsonRpcTransportFactory({ fetchImpl: authorized, legacyCompat })]
      : [new RestTransportFactory({ fetchImpl: authorized })];
  const factory = new ClientFactory(ClientFactoryOptions.createFrom(ClientFactoryOptions.default, { transports }));
  const headers: Record<string, string> = target.bearer ? { Authorization: `Bearer ${target.bearer}` } : {};
  const served = async () => (await (target.fetch ?? fetch)(`${target.url}.well-known/agent-card.json`, { headers: { ...headers, "A2A-Version": "1.0" } })).json();
  const card = (target.card ?? (await served())) as {
    supportedInterfaces: { url: string; protocolBinding: string; protocolVersion: string }[];
  };
  const wanted = card.supportedInterfaces.filter(
    (one) => one.protocolBinding === target.binding && one.protocolVersion === (target.version ?? "1.0"),
  );
  const { AgentCard } = await import("@a2a-js/sdk");
  return factory.createFromAgentCard(AgentCard.fromJSON({ ...card, supportedInterfaces: wanted }));
}

export function message(text: string, more: Record<string, unknown> = {}) {
  return Message.fromJSON({ messageId: randomUUID(), role: "ROLE_USER", parts: [{ text }], ...more });
}

function request(text: string, more: Record<string, unknown> = {}, configuration?: Record<string, unknown>) {
  return {
    tenant: "",
    message: message(text, more),
    configuration: configuration ? SendMessageConfiguration.fromJSON(configuration) : undefined,
    metadata: undefined,
  };
}

const words = (parts: Part[]) => parts.map((part) => (part.content?.$case === "text" ? part.content.value : `<${part.content?.$case}>`)).join("");
const state = (task: Task) => taskStateToJSON(task.status?.state ?? 0).replace("TASK_STATE_", "");
const artifacts = (task: Task) => task.artifacts.map((artifact) => words(artifact.parts)).join("|");

/** A task in one line. */
export const line = (task: Task) => `${state(task)} ${artifacts(task)}`.trim();

function task(result: Task | Message): Task {
  if (!("status" in result)) throw new Error(`Expected a task, but found ${JSON.stringify(result)}`);
  return result;
}

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    return `no error, but ${JSON.stringify(await work)}`;
  } catch (error) {
    return (error as Error).name;
  }
}

function event(one: StreamResponse): string {
  const payload = one.payload;
  switch (payload?.$case) {
    case "task":
      return `task ${state(payload.value)}`;
    case "message":
      return `message ${words(payload.value.parts)}`;
    case "statusUpdate":
      return taskStateToJSON(payload.value.status?.state ?? 0).replace("TASK_STATE_", "");
    case "artifactUpdate":
      return `wrote ${words(payload.value.artifact?.parts ?? [])}`;
    default:
      return "nothing";
  }
}

/** What a stream came to: its events, without those that only say that the agent is still at it. */
async function stream(events: AsyncGenerator<StreamResponse>, began: (task: Task) => void = () => undefined): Promise<string[]> {
  const all: string[] = [];
  for await (const one of events) {
    if (one.payload?.$case === "task") began(one.payload.value);
    const text = event(one);
    if (text !== "WORKING" && all.at(-1) !== text) all.push(text);
  }
  return all;
}

/** Every check gives back what it saw, in words that do not depend on ids and times. */
export const checks: Record<string, (client: Client) => Promise<unknown>> = {
  "a message becomes a completed task": async (client) => line(task(await client.sendMessage(request("good morning")))),

  "a task is found again as it was": async (client) => {
    const sent = task(await client.sendMessage(request("remember me")));
    const found = await client.getTask({ tenant: "", id: sent.id, historyLength: undefined });
    return [line(found), found.id === sent.id, found.contextId === sent.contextId, words(found.history[0]?.parts ?? [])];
  },

  "a history of no length is empty": async (client) => {
    const sent = task(await client.sendMessage(request("short")));
    return (await client.getTask({ tenant: "", id: sent.id, historyLength: 0 })).history.length;
  },

  "a stream begins with the task and ends with its end": (client) => stream(client.sendMessageStream(request("slow one two three"))),

  "a stream brings each piece as it comes": async (client) => {
    const times: number[] = [];
    for await (const one of client.sendMessageStream(request("slow one two three"))) {
      if (event(one).startsWith("wrote")) times.push(Date.now());
    }
    return times.length === 3 && (times[2] ?? 0) - (times[0] ?? 0) > 250;
  },

  "who does not wait gets the task at once": async (client) => {
    const sent = task(await client.sendMessage(request("slow a b", {}, { returnImmediately: true })));
    const early = ["SUBMITTED", "WORKING"].includes(state(sent));
    let now = sent;
    while (!["COMPLETED", "FAILED"].includes(state(now))) {
      await new Promise((done) => setTimeout(done, 50));
      now = await client.getTask({ tenant: "", id: sent.id, historyLength: undefined });
    }
    return [early, line(now).replace("a| b", "a b")];
  },

  "a running task is canceled, and stays so": async (client) => {
    const sent = task(await client.sendMessage(request("sleep 30", {}, { returnImmediately: true })));
    const canceled = await client.cancelTask({ tenant: "", id: sent.id, metadata: undefined });
    const later = await client.getTask({ tenant: "", id: sent.id, historyLength: undefined });
    return [state(canceled), state(later)];
  },

  "an ended task cannot be canceled": async (client) => {
    const sent = task(await client.sendMessage(request("done")));
    return refusal(client.cancelTask({ tenant: "", id: sent.id, metadata: undefined }));
  },

  "an ended task takes no message": async (client) => {
    const sent = task(await client.sendMessage(request("done")));
    return refusal(client.sendMessage(request("more", { taskId: sent.id, contextId: sent.contextId })));
  },

  "a subscriber gets the task and then the rest": async (client) => {
    const sent = task(await client.sendMessage(request("slow a b c d", {}, { returnImmediately: true })));
    const events = await stream(client.resubscribeTask({ tenant: "", id: sent.id }));
    return [events[0]?.startsWith("task "), events.at(-1)];
  },

  "an ended task has no subscribers": async (client) => {
    const sent = task(await client.sendMessage(request("done")));
    return refusal(stream(client.resubscribeTask({ tenant: "", id: sent.id })));
  },

  "a task that waits for its caller goes on with the answer": async (client) => {
    const asked = task(await client.sendMessage(request("input")));
    const answered = task(await client.sendMessage(request("forty-two", { taskId: asked.id, contextId: asked.contextId })));
    return [line(asked), words(asked.status?.message?.parts ?? []), line(answered), asked.id === answered.id];
  },

  "a failure says why": async (client) => {
    const failed = task(await client.sendMessage(request("fail out of paper")));
    return [state(failed), words(failed.status?.message?.parts ?? [])];
  },

  "an unknown task is not found": (client) => refusal(client.getTask({ tenant: "", id: randomUUID(), historyLength: undefined })),

  "tasks of a context are listed": async (client) => {
    const first = task(await client.sendMessage(request("one")));
    await client.sendMessage(request("two", { contextId: first.contextId }));
    const listed = await client.listTasks(ListTasksRequest.fromJSON({ contextId: first.contextId, includeArtifacts: true }));
    return [listed.tasks.map(line).sort(), listed.totalSize];
  },

  "lists come in pages": async (client) => {
    const first = task(await client.sendMessage(request("one")));
    for (const text of ["two", "three"]) await client.sendMessage(request(text, { contextId: first.contextId }));
    const seen = new Set<string>();
    let pageToken = "";
    do {
      const page = await client.listTasks(ListTasksRequest.fromJSON({ contextId: first.contextId, pageSize: 2, pageToken }));
      for (const one of page.tasks) seen.add(one.id);
      pageToken = page.nextPageToken;
    } while (pageToken);
    return seen.size;
  },
};

/** What the other maker's agent lets pass. */
export const refusals: typeof checks = {
  "a message without parts is refused": (client) => refusal(client.sendMessage({ ...request("x"), message: Message.fromJSON({ messageId: "m", role: "ROLE_USER" }) })),
};

/** What 0.3 has no words for. */
export const onlyNew = ["tasks of a context are listed", "lists come in pages"];

/** What only an agent of the other maker does. */
export const replies: Record<string, (client: Client) => Promise<unknown>> = {
  "an answer may be a message and no task": async (client) => {
    const answer = await client.sendMessage(request("reply at once"));
    return "parts" in answer ? words(answer.parts) : line(answer);
  },
  "a stream may be a message and no task": (client) => stream(client.sendMessageStream(request("reply at once"))),
};
