import { describe, expect, it } from "vitest";
import { remoteLook } from "./words";

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
