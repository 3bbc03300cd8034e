import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { AgentCard, Artifact, Message, Task, TaskArtifactUpdateEvent, TaskStatusUpdateEvent } from "@a2a-js/sdk";
import {
  AgentEvent,
  type AgentExecutor,
  DefaultRequestHandler,
  type ExecutionEventBus,
  InMemoryPushNotificationStore,
  InMemoryTaskStore,
  type RequestContext,
} from "@a2a-js/sdk/server";
import { jsonRpcHandler, restHandler, UserBuilder } from "@a2a-js/sdk/server/express";
import express from "express";

const pause = (millis: number) => new Promise((done) => setTimeout(done, millis));

/** An agent of another maker's, which understands the words of our echo agent, and `reply` for an answer that is no task. */
class Echo implements AgentExecutor {
  private readonly canceled = new Set<string>();

  async execute(context: RequestContext, bus: ExecutionEventBus): Promise<void> {
    const text = context.userMessage.parts.map((part) => (part.content?.$case === "text" ? part.content.value : "")).join("");
    const [word, ...rest] = text.split(" ");
    const { taskId, contextId } = context;
    if (word === "reply") {
      bus.publish(AgentEvent.message(Message.fromJSON(this.said(context, rest.join(" ")))));
      bus.finished();
      return;
    }
    const status = (state: string, said?: string) =>
      bus.publish(
        AgentEvent.statusUpdate(
          TaskStatusUpdateEvent.fromJSON({
            taskId,
            contextId,
            status: { state, timestamp: new Date().toISOString(), ...(said ? { message: this.said(context, said) } : {}) },
          }),
        ),
      );
    const write = (piece: string, append: boolean, lastChunk: boolean) =>
      bus.publish(
        AgentEvent.artifactUpdate(
          TaskArtifactUpdateEvent.fromJSON({
            taskId,
            contextId,
            artifact: Artifact.toJSON(Artifact.fromJSON({ artifactId: "answer", name: "answer", parts: [{ text: piece }] })),
            append,
            lastChunk,
          }),
        ),
      );
    bus.publish(
      AgentEvent.task(
        context.task ??
          Task.fromJSON({
            id: taskId,
            contextId,
            status: { state: "TASK_STATE_SUBMITTED", timestamp: new Date().toISOString() },
            history: [Message.toJSON(context.userMessage)],
          }),
      ),
    );
    status("TASK_STATE_WORKING");
    if (context.task) {
      write(text, false, true);
    } else if (word === "slow") {
      for (const [i, piece] of rest.entries()) {
        await pause(200);
        write(i === 0 ? piece : ` ${piece}`, i > 0, i === rest.length - 1);
      }
    } else if (word === "sleep") {
      const until = Date.now() + Number(rest[0]) * 1000;
      while (Date.now() < until && !this.canceled.has(taskId)) await pause(20);
    } else if (word === "input") {
      status("TASK_STATE_INPUT_REQUIRED", "What shall I answer?");
      bus.finished();
      return;
    } else if (word === "fail") {
      status("TASK_STATE_FAILED", rest.join(" "));
      bus.finished();
      return;
    } else {
      write(text, false, true);
    }
    status(this.canceled.has(taskId) ? "TASK_STATE_CANCELED" : "TASK_STATE_COMPLETED");
    bus.finished();
  }

  async cancelTask(taskId: string): Promise<void> {
    this.canceled.add(taskId);
  }

  private said(context: RequestContext, text: string) {
    return {
      messageId: crypto.randomUUID(),
      role: "ROLE_AGENT",
      taskId: context.taskId,
      contextId: context.contextId,
      parts: [{ text }],
    };
  }
}

/** The card of an agent at a URL. */
function card(url: string, versions: string[]) {
  return {
    name: "another maker's agent",
    description: "answers with what it was told",
    version: "1.0.0",
    capabilities: { streaming: true, pushNotifications: true },
    defaultInputModes: ["text/plain"],
    defaultOutputModes: ["text/plain"],
    skills: [{ id: "echo", name: "echo", description: "answers", tags: ["echo"] }],
    supportedInterfaces: versions.flatMap((protocolVersion) => [
      { url: `${url}/`, protocolBinding: "JSONRPC", protocolVersion },
      ...(protocolVersion === "1.0" ? [{ url: `${url}/rest`, protocolBinding: "HTTP+JSON", protocolVersion }] : []),
    ]),
  };
}

export interface Agent {
  url: string;
  card: ReturnType<typeof card>;
  close(): Promise<void>;
}

/** Starts it on a free port. */
export async function startAgent(versions = ["1.0"]): Promise<Agent> {
  const app = express();
  const server: Server = await new Promise((ready) => {
    const listening = app.listen(0, "127.0.0.1", () => ready(listening));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const own = card(url, versions);
  const handler = new DefaultRequestHandler(
    AgentCard.fromJSON(own),
    new InMemoryTaskStore(),
    new Echo(),
    undefined,
    new InMemoryPushNotificationStore(),
  );
  const userBuilder = UserBuilder.noAuthentication;
  const legacyCompat = { enabled: versions.includes("0.3") };
  app.get("/.well-known/agent-card.json", (_request, response) => void response.json(own));
  app.use("/rest", restHandler({ requestHandler: handler, userBuilder }));
  app.use("/", jsonRpcHandler({ requestHandler: handler, userBuilder, legacyCompat }));
  return {
    url,
    card: own,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
