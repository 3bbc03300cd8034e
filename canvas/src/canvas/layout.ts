import type { Workspace } from "../api/types";

export const CARD = { width: 240, height: 112 };
const TEAM = { header: 108, side: 16, bottom: 16 };

export interface Box {
  id: string;
  parent: string | undefined;
  x: number;
  y: number;
  width: number;
  height: number;
  depth: number;
  team: boolean;
}

/** A box for every card that is not folded away, parents before their children, each as large as what is inside it. */
export function boxes(byId: Readonly<Record<string, Workspace>>): Box[] {
  const children = new Map<string | undefined, Workspace[]>();
  for (const one of Object.values(byId)) {
    const parent = one.parent_id && byId[one.parent_id] ? one.parent_id : undefined;
    const list = children.get(parent);
    if (list) list.push(one);
    else children.set(parent, [one]);
  }
  const placed: Box[] = [];
  const place = (one: Workspace, parent: string | undefined, depth: number): Box => {
    const box: Box = { id: one.id, parent, x: one.x, y: one.y, width: CARD.width, height: CARD.height, depth, team: false };
    placed.push(box);
    const inside = children.get(one.id) ?? [];
    box.team = inside.length > 0;
    if (!one.collapsed) {
      for (const child of inside) {
        const inner = place(child, one.id, depth + 1);
        box.width = Math.max(box.width, inner.x + inner.width + TEAM.side);
        box.height = Math.max(box.height, inner.y + inner.height + TEAM.bottom);
      }
    }
    return box;
  };
  for (const root of children.get(undefined) ?? []) place(root, undefined, 0);
  return placed;
}

/** Where a child may stand at the least: below its parent's head. */
export function clampInside(x: number, y: number): { x: number; y: number } {
  return { x: Math.max(TEAM.side, x), y: Math.max(TEAM.header, y) };
}
