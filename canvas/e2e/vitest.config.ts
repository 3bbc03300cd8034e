import { defineConfig } from "vitest/config";

// The browser suite: one real platform, one real Chromium, one file after the other.
export default defineConfig({
  test: { include: ["e2e/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 90_000, fileParallelism: false },
});
