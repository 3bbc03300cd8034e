import { defineConfig } from "vitest/config";

// One real platform, agents of two makers, and the A2A project's own client.
export default defineConfig({
  test: { include: ["*.test.ts"], testTimeout: 60_000, hookTimeout: 90_000, fileParallelism: false },
});
