import { create } from "zustand";
import type { Link } from "../api/socket";
import type { Change, Frame, MailboxDepth, MessageEdge, Workspace } from "../api/types";

/** What is on its way, added up by the server: mailboxes that are not at rest, and who sends to whom. */
export interface Traffic {
  mailboxes: Readonly<Record<string, MailboxDepth>>;
  edges: readonly MessageEdge[];
  /** How many messages and notifications were given up and not sent again. */
  dead: number;
}

/** What an agent said by itself; its place in the activity list is its key. */
export interface Said {
  seq: number;
  text: string;
}

const SAID_MAX = 50;
const APPROVALS: readonly string[] = ["SNAPSHOT", "APPROVAL_REQUESTED", "APPROVAL_DECIDED"];

/** Everything the server said, normalised: one record per workspace, patched fact by fact. The one truth of the page. */
interface Fleet {
  byId: Readonly<Record<string, Workspace>>;
  /** The number of the last fact that is in here. */
  seq: number | undefined;
  link: Link;
  traffic: Traffic;
  /** What agents said by themselves since the page was opened, the last ones of each. */
  said: Readonly<Record<string, readonly Said[]>>;
  /** The number of the last fact about secrets. */
  secretsSeq: number;
  /** The number of the last fact about approvals, or of the snapshot that may hold any number of them. */
  approvalsSeq: number;
  /** The number of the last fact about memories. */
  memoriesSeq: number;
  /** The number of the last fact about configurations. */
  configurationsSeq: number;
  apply: (frame: Frame) => void;
  setLink: (link: Link) => void;
  /** Shows a change before the server confirms it; the returned function takes it back. */
  expect: (id: string, changes: Partial<Workspace>) => () => void;
}

export const useFleet = create<Fleet>()((set, get) => ({
  byId: {},
  seq: undefined,
  link: "connecting",
  traffic: { mailboxes: {}, edges: [], dead: 0 },
  said: {},
  secretsSeq: 0,
  approvalsSeq: 0,
  memoriesSeq: 0,
  configurationsSeq: 0,
  apply: (frame) =>
    set((fleet) => {
      if (frame.event === "TRAFFIC") return { traffic: traffic(frame.payload) };
      const fresh = frame.event === "AGENT_MESSAGE" && (fleet.seq === undefined || frame.seq > fleet.seq);
      const secrets = frame.event === "SECRET_CHANGED" && { secretsSeq: frame.seq };
      const approvals = APPROVALS.includes(frame.event) && { approvalsSeq: frame.seq };
      const memories = frame.event === "MEMORY_CHANGED" && { memoriesSeq: frame.seq };
      const configurations = frame.event === "CONFIGURATION_CHANGED" && { configurationsSeq: frame.seq };
      return { ...applyFrame(fleet, frame), ...secrets, ...approvals, ...memories, ...configurations, ...(fresh && { said: heard(fleet.said, frame.workspace_id, { seq: frame.payload.activity_seq, text: frame.payload.message }) }) };
    }),
  setLink: (link) => set({ link }),
  expect: (id, changes) => {
    const before = get().byId[id];
    if (!before) return () => {};
    set((fleet) => ({ byId: { ...fleet.byId, [id]: { ...before, ...changes } } }));
    const fields = Object.keys(changes) as (keyof Workspace)[];
    const old = Object.fromEntries(fields.map((field) => [field, before[field]]));
    return () => set((fleet) => (fleet.byId[id] ? { byId: { ...fleet.byId, [id]: { ...fleet.byId[id], ...old } } } : {}));
  },
}));

function traffic(payload: { mailboxes: MailboxDepth[]; edges: MessageEdge[]; dead: number }): Traffic {
  return { mailboxes: Object.fromEntries(payload.mailboxes.map((box) => [box.workspace_id, box])), edges: payload.edges, dead: payload.dead };
}

function heard(said: Fleet["said"], id: string, message: Said): Fleet["said"] {
  return { ...said, [id]: [...(said[id] ?? []), message].slice(-SAID_MAX) };
}

/** The fleet after a frame. Pure; a frame that was applied before changes nothing. */
export function applyFrame(fleet: Pick<Fleet, "byId" | "seq">, frame: Change): Pick<Fleet, "byId" | "seq"> {
  if (frame.event === "SNAPSHOT") {
    return { byId: Object.fromEntries(frame.payload.workspaces.map((one) => [one.id, one])), seq: frame.seq };
  }
  if (fleet.seq !== undefined && frame.seq <= fleet.seq) return fleet;
  const id = frame.workspace_id;
  if (frame.event === "WORKSPACE_REMOVED") {
    const { [id]: _gone, ...rest } = fleet.byId;
    return { byId: rest, seq: frame.seq };
  }
  if (!("changes" in frame.payload)) return { byId: fleet.byId, seq: frame.seq };
  const known = fleet.byId[id];
  const next = { ...known, ...frame.payload.changes } as Workspace;
  if (next.id !== id) return { byId: fleet.byId, seq: frame.seq };
  return { byId: { ...fleet.byId, [id]: next }, seq: frame.seq };
}

export function isInside(byId: Fleet["byId"], id: string | null | undefined, ancestor: string): boolean {
  for (let at = id ? byId[id] : undefined; at; at = at.parent_id ? byId[at.parent_id] : undefined) {
    if (at.id === ancestor) return true;
  }
  return false;
}
