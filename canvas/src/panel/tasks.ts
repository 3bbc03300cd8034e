import type { TaskLine } from "../api/types";

export const OPEN_STATES: ReadonlySet<string> = new Set(["submitted", "working", "input-required", "auth-required"]);

/** How long a task took, or has gone on until now. */
export function duration(task: Pick<TaskLine, "created_at" | "state_at" | "state">, now = Date.now()): string {
  const until = OPEN_STATES.has(task.state) ? now : Date.parse(task.state_at);
  const millis = Math.max(0, until - Date.parse(task.created_at));
  if (millis < 1000) return `${millis} ms`;
  const seconds = millis / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h`;
}

/** The lines of a tree in the order of a walk through it, each with how deep it stands. */
export function treeOf(lines: readonly TaskLine[]): { line: TaskLine; depth: number }[] {
  const known = new Set(lines.map((line) => line.id));
  const below = (parent: string | null, depth: number): { line: TaskLine; depth: number }[] =>
    lines
      .filter((line) => (line.parent_task_id && known.has(line.parent_task_id) ? line.parent_task_id : null) === parent)
      .flatMap((line) => [{ line, depth }, ...below(line.id, depth + 1)]);
  return below(null, 0);
}
