import { describe, expect, it } from "vitest";
import type { Change, Workspace } from "../api/types";
import { applyFrame, isInside } from "./fleet";

function workspace(id: string, more: Partial<Workspace> = {}): Workspace {
  return { id, name: id, status: "online", parent_id: null, x: 0, y: 0, ...more } as Workspace;
}

function fact(seq: number, id: string, changes: Partial<Workspace>, event: Change["event"] = "WORKSPACE_UPDATED"): Change {
  return { event, workspace_id: id, timestamp: "", seq, payload: { changes } } as unknown as Change;
}

const snapshot = (seq: number, ...workspaces: Workspace[]): Change => ({ event: "SNAPSHOT", workspace_id: "", timestamp: "", seq, payload: { workspaces } });
const start = applyFrame({ byId: {}, seq: undefined }, snapshot(10, workspace("a"), workspace("b")));

describe("the fleet", () => {
  it("is what the snapshot says", () => {
    expect(Object.keys(start.byId)).toEqual(["a", "b"]);
    expect(start.seq).toBe(10);
  });

  it("changes one record and keeps the others as they were", () => {
    const next = applyFrame(start, fact(11, "a", { status: "offline" }));
    expect(next.byId.a?.status).toBe("offline");
    expect(next.byId.b).toBe(start.byId.b);
  });

  it("does not apply a fact twice", () => {
    expect(applyFrame(start, fact(10, "a", { status: "failed" }))).toBe(start);
  });

  it("adds what was created and drops what was removed", () => {
    const more = applyFrame(start, fact(11, "c", workspace("c"), "WORKSPACE_PROVISIONING"));
    expect(more.byId.c?.name).toBe("c");
    const less = applyFrame(more, fact(12, "c", {}, "WORKSPACE_REMOVED"));
    expect(less.byId.c).toBeUndefined();
    expect(less.seq).toBe(12);
  });

  it("ignores a change of what it never saw, but remembers the number", () => {
    const next = applyFrame(start, fact(11, "stranger", { status: "online" }));
    expect(next).toEqual({ byId: start.byId, seq: 11 });
  });

  it("is replaced by a later snapshot", () => {
    const next = applyFrame(start, snapshot(99, workspace("z")));
    expect(Object.keys(next.byId)).toEqual(["z"]);
    expect(next.seq).toBe(99);
  });

  it("knows who is inside whom", () => {
    const byId = { a: workspace("a"), b: workspace("b", { parent_id: "a" }), c: workspace("c", { parent_id: "b" }) };
    expect(isInside(byId, "c", "a")).toBe(true);
    expect(isInside(byId, "a", "c")).toBe(false);
  });
});
