import { describe, expect, it } from "vitest";
import type { Workspace } from "../api/types";
import { CARD, boxes } from "./layout";

function workspace(id: string, parent: string | null, x: number, y: number, collapsed = false): Workspace {
  return { id, name: id, parent_id: parent, x, y, collapsed } as Workspace;
}

const byId = (...all: Workspace[]) => Object.fromEntries(all.map((one) => [one.id, one]));

describe("boxes", () => {
  it("puts parents before their children", () => {
    const placed = boxes(byId(workspace("child", "parent", 16, 120), workspace("parent", null, 0, 0)));
    expect(placed.map((box) => box.id)).toEqual(["parent", "child"]);
    expect(placed[1]?.depth).toBe(1);
  });

  it("makes a team as large as what is inside it", () => {
    const [parent] = boxes(byId(workspace("parent", null, 0, 0), workspace("child", "parent", 300, 200)));
    expect(parent?.width).toBe(300 + CARD.width + 16);
    expect(parent?.height).toBe(200 + CARD.height + 16);
  });

  it("folds a collapsed team away", () => {
    const placed = boxes(byId(workspace("parent", null, 0, 0, true), workspace("child", "parent", 300, 200)));
    expect(placed).toHaveLength(1);
    expect(placed[0]).toMatchObject({ width: CARD.width, height: CARD.height, team: true });
  });

  it("shows a child whose parent is unknown as a root", () => {
    expect(boxes(byId(workspace("child", "gone", 1, 2)))[0]?.parent).toBeUndefined();
  });
});
