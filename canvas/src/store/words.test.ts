import { describe, expect, it } from "vitest";
import { duration, remoteLook } from "./words";

describe("the REMOTE badge", () => {
  it("tells live, stale and waiting apart", () => {
    expect(remoteLook({ external: true, status: "online" })).toBe("live");
    expect(remoteLook({ external: true, status: "offline" })).toBe("stale");
    expect(remoteLook({ external: true, status: "awaiting_agent" })).toBe("waiting");
  });

  it("is not worn by what the platform runs", () => {
    expect(remoteLook({ external: false, status: "online" })).toBeUndefined();
  });
});

it("a span of time has its two largest units", () => {
  expect([5.4, 61, 3725, 90061].map(duration)).toEqual(["5 s", "1 min 1 s", "1 h 2 min", "1 d 1 h"]);
});
