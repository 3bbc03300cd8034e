import type { components } from "./generated/openapi";

export type Workspace = components["schemas"]["Workspace"];
export type WorkspaceDraft = components["schemas"]["WorkspaceDraft"];
export type WorkspaceCreated = components["schemas"]["WorkspaceCreated"];
export type WorkspacePatch = components["schemas"]["WorkspacePatch"];
export type LifeStatus = components["schemas"]["LifeStatus"];
export type Connection = components["schemas"]["Connection"];
export type Fact = components["schemas"]["Fact"];
export type { Frame } from "./generated/events";
