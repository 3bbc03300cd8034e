import type { components } from "./generated/openapi";

export type Workspace = components["schemas"]["Workspace"];
export type WorkspaceDraft = components["schemas"]["WorkspaceDraft"];
export type WorkspaceCreated = components["schemas"]["WorkspaceCreated"];
export type WorkspacePatch = components["schemas"]["WorkspacePatch"];
export type LifeStatus = components["schemas"]["LifeStatus"];
export type Connection = components["schemas"]["Connection"];
export type UplinkKnown = components["schemas"]["UplinkKnown"];
export type AgentToken = components["schemas"]["Tokens"]["tokens"][number];
export type JoinRule = components["schemas"]["JoinRule"];
export type JoinRuleDraft = components["schemas"]["JoinRuleDraft"];
export type Run = components["schemas"]["Run"];
export type JoinRefusal = components["schemas"]["JoinRefusals"]["refusals"][number];
export type TaskLine = components["schemas"]["TaskLine"];
export type SecretName = components["schemas"]["SecretName"];
export type PushLine = components["schemas"]["PushLine"];
export type ActivityRow = components["schemas"]["ActivityRow"];
export type TaskShown = components["schemas"]["TaskShown"];
export type MailboxDepth = components["schemas"]["MailboxDepth"];
export type MessageEdge = components["schemas"]["MessageEdge"];
export type BackendOffer = components["schemas"]["BackendOffer"];
export type Stay = components["schemas"]["Stay"];
export type Runtime = components["schemas"]["Runtime"];
export type Usage = components["schemas"]["Usage"];
export type Fact = components["schemas"]["Fact"];
export type Approval = components["schemas"]["Approval"];
export type Configuration = components["schemas"]["Configuration"];
export type Memory = components["schemas"]["Memory"];
export type Budget = components["schemas"]["Budget"];
export type ModelPrice = components["schemas"]["ModelPrice"];
export type ModelUsage = components["schemas"]["ModelUsage"] & { day: string };
export type PendingApproval = Approval & { workspace_name: string };
import type { Frame } from "./generated/events";

export type { Frame };
/** A frame that changes what is known of the workspaces. */
export type Change = Exclude<Frame, { event: "TRAFFIC" }>;
