import { describe, expect, test } from "vitest";
import type { TaskLine } from "../api/types";
import { duration, treeOf } from "./tasks";

const line = (id: string, parent: string | null) => ({ id, parent_task_id: parent }) as TaskLine;

describe("tasks", () => {
  test("a tree is walked from the first task down, in order", () => {
    const walked = treeOf([line("a", null), line("b", "a"), line("c", "a"), line("d", "b")]);
    expect(walked.map(({ line: { id }, depth }) => `${id}${depth}`)).toEqual(["a0", "b1", "d2", "c1"]);
  });

  test("a task whose parent is not there stands at the top", () => {
    expect(treeOf([line("b", "elsewhere")]).map(({ depth }) => depth)).toEqual([0]);
  });

  test("what goes on is measured until now, what ended until its end", () => {
    const times = { created_at: "2026-11-23T12:00:00Z", state_at: "2026-11-23T12:00:00.250Z" };
    const now = Date.parse("2026-11-23T12:01:30Z");
    expect(duration({ ...times, state: "completed" }, now)).toBe("250 ms");
    expect(duration({ ...times, state: "working" }, now)).toBe("1 min");
  });
});
