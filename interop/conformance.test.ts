import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Agent, startAgent } from "./agent.ts";

const root = resolve(import.meta.dirname, "..");
const java = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, "bin/java") : "java";

interface Report {
  levels: Record<string, boolean>;
  findings: { id: string; outcome: string; detail: string }[];
}

/** What the kit finds out about an A2A server that knows nothing of the platform: our bridge brings it in. */
function examine(url: string): Promise<Report> {
  const kit = ["-XX:+UseSerialGC", `-Dmolecule.agent.jar=${join(root, "agent/target/molecule-agent-0.1.0-all.jar")}`, "-jar", join(root, "conformance/target/molecule-conformance-0.1.0-all.jar")];
  return new Promise((done, failed) =>
    execFile(java, [...kit, "--json", "--slow", "sleep 20", url], (error, out) => (out.startsWith("{") ? done(JSON.parse(out)) : failed(error ?? new Error(out)))),
  );
}

describe.each([["1.0"], ["0.3"]])("an agent of another maker's, A2A %s, through the bridge", (version) => {
  let agent: Agent;

  beforeAll(async () => {
    agent = await startAgent([version]);
  });

  afterAll(() => agent?.close());

  test("keeps all of the contract but one thing, which the kit names", async () => {
    const report = await examine(agent.url);
    const failed = report.findings.filter((one) => one.outcome === "failed");
    expect(failed.map((one) => one.id), "@a2a-js/sdk makes another task of a message that is sent again").toEqual(["S3"]);
    expect(report.findings.filter((one) => one.outcome === "passed").map((one) => one.id)).toEqual(expect.arrayContaining(["M1", "M2", "M3", "M4", "M5", "S1", "S2", "S4", "S5", "S8", "S9", "O4"]));
    expect(report.levels).toEqual({ joins: true, holds: false, belongs: false });
  }, 180_000);
});
