import { create } from "zustand";

export type Tab = "details" | "chat" | "tasks" | "logs" | "terminal" | "config" | "memory" | "usage" | "secrets" | "events";
export type Dialog = { kind: "create"; parent: string | undefined } | { kind: "search" } | { kind: "dead-letters" } | { kind: "approvals" } | { kind: "table" } | { kind: "pipelines" } | { kind: "remove"; id: string } | { kind: "connect"; id: string } | undefined;

interface Toast {
  id: number;
  text: string;
  tone: "plain" | "error";
  undo?: () => void;
}

/** What this person looks at; lives in the address where it is worth a link. */
interface View {
  selected: string | undefined;
  tab: Tab;
  dialog: Dialog;
  toasts: Toast[];
  select: (id: string | undefined, tab?: Tab) => void;
  setTab: (tab: Tab) => void;
  open: (dialog: Dialog) => void;
  say: (text: string, undo?: () => void) => void;
  complain: (problem: unknown) => void;
  dismiss: (id: number) => void;
}

let toastId = 0;
const TOAST_LIFE = 6000;
const TABS: readonly Tab[] = ["details", "chat", "tasks", "logs", "terminal", "config", "memory", "usage", "secrets", "events"];

function fromAddress(): { selected: string | undefined; tab: Tab } {
  const query = new URLSearchParams(location.hash.slice(1));
  const tab = TABS.find((one) => one === query.get("tab")) ?? "details";
  return { selected: query.get("w") ?? undefined, tab };
}

function toAddress(selected: string | undefined, tab: Tab) {
  history.replaceState(null, "", selected ? `#w=${selected}&tab=${tab}` : location.pathname);
}

export const useView = create<View>()((set, get) => ({
  ...(typeof location === "undefined" ? { selected: undefined, tab: "details" as Tab } : fromAddress()),
  dialog: undefined,
  toasts: [],
  select: (selected, tab) => {
    set((view) => ({ selected, tab: tab ?? view.tab }));
    toAddress(selected, get().tab);
  },
  setTab: (tab) => {
    set({ tab });
    toAddress(get().selected, tab);
  },
  open: (dialog) => set({ dialog }),
  say: (text, undo) => add(set, { id: ++toastId, text, tone: "plain", ...(undo ? { undo } : {}) }),
  complain: (problem) => add(set, { id: ++toastId, text: problem instanceof Error ? problem.message : String(problem), tone: "error" }),
  dismiss: (id) => set((view) => ({ toasts: view.toasts.filter((one) => one.id !== id) })),
}));

function add(set: (change: (view: View) => Partial<View>) => void, toast: Toast) {
  set((view) => ({ toasts: [...view.toasts.slice(-3), toast] }));
  setTimeout(() => set((view) => ({ toasts: view.toasts.filter((one) => one.id !== toast.id) })), TOAST_LIFE);
}
