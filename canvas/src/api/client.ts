import { randomId } from "./id";
import type { ActivityRow, AgentToken, BackendOffer, Budget, Configuration, Connection, Fact, JoinRefusal, JoinRule, JoinRuleDraft, Memory, ModelPrice, ModelUsage, PendingApproval, PushLine, Run, Runtime, SecretName, Stay, TaskLine, TaskShown, UplinkKnown, Usage, Workspace, WorkspaceCreated, WorkspaceDraft, WorkspacePatch } from "./types";

/** A refusal of the platform: its sentence, its stable code, and the whole body for what else it says. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly body: Record<string, unknown>,
  ) {
    super(message);
  }
}

async function exchange<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<{ answer: T; tag: string }> {
  const response = await fetch(path, {
    method,
    headers: { ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  if (!response.ok) {
    throw new Refused(response.status, String(answer.code ?? ""), String(answer.error ?? `The platform answered ${response.status}`), answer);
  }
  return { answer: answer as T, tag: response.headers.get("ETag") ?? "" };
}

async function call<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
  return (await exchange<T>(method, path, body, headers)).answer;
}

/** A configuration, and which one it is: a change says what it changes. */
export type Configured = Configuration & { tag: string };

async function configuration(method: string, id: string, path = "", body?: unknown, tag?: string): Promise<Configured> {
  const file = path && `/${path.split("/").map(encodeURIComponent).join("/")}`;
  const kept = await exchange<Configuration>(method, `/workspaces/${id}/configuration${file}`, body, tag === undefined ? {} : { "If-Match": tag });
  return { ...kept.answer, tag: kept.tag };
}

export const api = {
  session: () => call<{ role: string }>("GET", "/session"),
  signIn: (adminToken: string) => call("POST", "/session", { admin_token: adminToken }),
  signOut: () => call("DELETE", "/session"),
  get: (id: string) => call<Workspace>("GET", `/workspaces/${id}`),
  list: () => call<Workspace[]>("GET", "/workspaces"),
  create: (draft: WorkspaceDraft) => call<WorkspaceCreated>("POST", "/workspaces", draft, { "Idempotency-Key": randomId() }),
  patch: (id: string, patch: WorkspacePatch) => call("PATCH", `/workspaces/${id}`, patch),
  remove: (id: string, confirm: boolean) => call("DELETE", `/workspaces/${id}${confirm ? "?confirm=true" : ""}`),
  act: (id: string, verb: "restart" | "pause" | "hibernate" | "resume") => call("POST", `/workspaces/${id}/${verb}`),
  enrol: (id: string) => call<Connection>("POST", `/workspaces/${id}/enrolments`),
  uplink: (id: string) => call<UplinkKnown>("GET", `/workspaces/${id}/uplink`),
  tokens: async (id: string) => (await call<{ tokens: AgentToken[] }>("GET", `/workspaces/${id}/tokens`)).tokens,
  addToken: (id: string) => call<{ auth_token: string }>("POST", `/workspaces/${id}/tokens`),
  endToken: (id: string, token: string) => call("DELETE", `/workspaces/${id}/tokens/${token}`),
  joinRules: async () => (await call<{ join_rules: JoinRule[] }>("GET", "/join-rules")).join_rules,
  makeJoinRule: (draft: JoinRuleDraft) => call<JoinRule>("POST", "/join-rules", draft),
  endJoinRule: (id: string) => call("DELETE", `/join-rules/${id}`),
  runs: async (rule: string) => (await call<{ runs: Run[] }>("GET", `/join-rules/${rule}/runs`)).runs,
  joinRefusals: async () => (await call<{ refusals: JoinRefusal[] }>("GET", "/registry/refusals")).refusals,
  tasks: (id: string) => call<TaskLine[]>("GET", `/workspaces/${id}/tasks`),
  task: (id: string) => call<TaskShown>("GET", `/tasks/${id}`),
  cancelTask: (id: string) => call<TaskLine>("POST", `/tasks/${id}/cancel`),
  deadLetters: () => call<TaskLine[]>("GET", "/dead-letters"),
  deadPushes: () => call<PushLine[]>("GET", "/dead-pushes"),
  resendPush: (task: string, id: string) => call("POST", `/tasks/${task}/pushes/${encodeURIComponent(id)}/resend`),
  resendTask: (id: string) => call<{ task_id: string }>("POST", `/tasks/${id}/resend`),
  /** What the agent said by itself lately, oldest first. */
  notices: async (id: string) =>
    (await call<ActivityRow[]>("GET", `/workspaces/${id}/activity?type=a2a_receive&source=agent&limit=50`))
      .filter((row) => row.method === "notify")
      .map((row) => ({ seq: row.seq, text: (row.request_body as { message?: string } | null)?.message ?? row.summary }))
      .reverse(),
  pendingApprovals: () => call<PendingApproval[]>("GET", "/approvals/pending"),
  decide: (workspace: string, approval: string, decision: "approved" | "denied") => call("POST", `/workspaces/${workspace}/approvals/${approval}/decide`, { decision }),
  configuration: (id: string) => configuration("GET", id),
  saveFile: (id: string, path: string, content: string, tag: string) => configuration("PUT", id, path, { content }, tag),
  deleteFile: (id: string, path: string, tag: string) => configuration("DELETE", id, path, undefined, tag),
  memories: (id: string, query: string) => call<Memory[]>("GET", `/workspaces/${id}/memories${query ? `?q=${encodeURIComponent(query)}` : ""}`),
  remember: (id: string, content: string, scope: string) => call("POST", `/workspaces/${id}/memories`, { content, scope }),
  forget: (id: string, memory: string) => call("DELETE", `/workspaces/${id}/memories/${memory}`),
  budget: (id: string) => call<Budget>("GET", `/workspaces/${id}/budget`),
  limit: (id: string, cents: number | null) => call<Budget>("PATCH", `/workspaces/${id}/budget`, { budget_limit: cents }),
  usage: (id: string, days: number) => call<ModelUsage[]>("GET", `/workspaces/${id}/usage?days=${days}`),
  setPrice: (price: ModelPrice) => call<ModelPrice>("POST", "/model-prices", price),
  stats: (id: string) => call<Usage>("GET", `/workspaces/${id}/stats`),
  backends: () => call<BackendOffer[]>("GET", "/backends"),
  stays: (id: string) => call<Stay[]>("GET", `/workspaces/${id}/stays`),
  runtimes: () => call<Runtime[]>("GET", "/runtimes"),
  secrets: (id: string) => call<SecretName[]>("GET", `/workspaces/${id}/secrets`),
  saveSecret: (id: string, key: string, value: string) => call<{ stale: string[] }>("POST", `/workspaces/${id}/secrets`, { key, value }),
  deleteSecret: (id: string, key: string) => call<{ stale: string[] }>("DELETE", `/workspaces/${id}/secrets/${key}`),
  events: (id: string) => call<Fact[]>("GET", `/events/${id}?limit=100`),
};
