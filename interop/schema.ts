import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

const FILE = resolve(import.meta.dirname, "../../shared/reference/a2a-1.0.schema.json");

/** The data model of A2A 1.0 as JSON Schema; it is not part of this project, and lies beside it where it is had. */
export const schemaIsThere = existsSync(FILE);

const GOOGLE = new Set(["Struct", "Timestamp", "Value"]);

function load(): (name: string) => ValidateFunction {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  const bundle = JSON.parse(readFileSync(FILE, "utf8")) as { definitions: Record<string, object> };
  const id = (name: string) => `${GOOGLE.has(name) ? "google.protobuf" : "lf.a2a.v1"}.${name}.jsonschema.json`;
  for (const [title, definition] of Object.entries(bundle.definitions)) ajv.addSchema({ ...definition, $id: undefined }, id(title.replaceAll(" ", "")));
  return (name) => {
    const found = ajv.getSchema(id(name));
    if (!found) throw new Error(`Expected a definition of ${name}`);
    return found;
  };
}

const definition = schemaIsThere ? load() : undefined;

/** What is wrong with a payload; empty when it is as the schema has it. */
export function faults(name: string, payload: unknown): string[] {
  const validate = definition?.(name);
  if (!validate || validate(payload)) return [];
  return (validate.errors ?? []).map((error) => `${name}${error.instancePath} ${error.message}: ${JSON.stringify(payload).slice(0, 600)}`);
}

const RESULTS: Record<string, string> = {
  SendMessage: "SendMessageResponse",
  SendStreamingMessage: "StreamResponse",
  SubscribeToTask: "StreamResponse",
  GetTask: "Task",
  CancelTask: "Task",
  ListTasks: "ListTasksResponse",
  CreateTaskPushNotificationConfig: "TaskPushNotificationConfig",
  GetTaskPushNotificationConfig: "TaskPushNotificationConfig",
  ListTaskPushNotificationConfigs: "ListTaskPushNotificationConfigsResponse",
  GetExtendedAgentCard: "AgentCard",
};

const PATHS: [RegExp, string, string][] = [
  [/\/message:send$/, "POST", "SendMessageResponse"],
  [/\/message:stream$/, "POST", "StreamResponse"],
  [/\/tasks\/[^/]+:subscribe$/, "", "StreamResponse"],
  [/\/tasks\/[^/]+:cancel$/, "POST", "Task"],
  [/\/tasks\/[^/:]+$/, "GET", "Task"],
  [/\/tasks$/, "GET", "ListTasksResponse"],
  [/\/pushNotificationConfigs$/, "POST", "TaskPushNotificationConfig"],
  [/\/pushNotificationConfigs$/, "GET", "ListTaskPushNotificationConfigsResponse"],
  [/\/pushNotificationConfigs\/[^/]+$/, "GET", "TaskPushNotificationConfig"],
  [/\/extendedAgentCard$/, "GET", "AgentCard"],
  [/agent-card\.json$/, "GET", "AgentCard"],
];

/** Looks at every 1.0 payload that a caller gets. */
export class Inspector {
  readonly found: string[] = [];
  seen = 0;
  private readonly pending: Promise<void>[] = [];

  /** A fetch whose answers are looked at. */
  readonly fetch: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (response.ok) this.pending.push(this.look(response.clone(), new URL(String(input)).pathname, init));
    return response;
  };

  /** All that is wrong with what was seen until now. */
  async faults(): Promise<string[]> {
    await Promise.all(this.pending);
    return this.found;
  }

  private async look(response: Response, path: string, init: RequestInit | undefined): Promise<void> {
    const text = await response.text().catch(() => "");
    const rest = PATHS.find(([form, verb]) => form.test(path) && (verb === "" || verb === (init?.method ?? "GET")));
    const request = typeof init?.body === "string" ? (JSON.parse(init.body) as { method?: string }) : {};
    const name = rest?.[2] ?? RESULTS[request.method ?? ""];
    if (!name) return;
    const sse = response.headers.get("content-type")?.startsWith("text/event-stream");
    const payloads = sse ? [...text.matchAll(/^data: (.*)$/gm)].map((match) => match[1] ?? "") : [text];
    for (const payload of payloads.filter((one) => one !== "")) {
      const read = JSON.parse(payload) as { result?: unknown };
      if (!rest && read.result === undefined) continue;
      this.seen++;
      this.found.push(...faults(name, rest ? read : read.result));
    }
  }
}
