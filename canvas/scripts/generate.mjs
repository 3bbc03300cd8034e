// Writes the canvas's types from docs/openapi.yaml and docs/events.md, so that neither can drift from what the page believes.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const docs = resolve(root, "../docs");
const target = resolve(root, "src/api/generated");
mkdirSync(target, { recursive: true });

execFileSync(
  process.execPath,
  [resolve(root, "node_modules/openapi-typescript/bin/cli.js"), resolve(docs, "openapi.yaml"), "-o", resolve(target, "openapi.ts")],
  { stdio: ["ignore", "ignore", "inherit"] },
);

const words = { integer: "number", object: "Record<string, unknown> | null" };
const rows = [...readFileSync(resolve(docs, "events.md"), "utf8").matchAll(/^\| `([A-Z_]+)` \| `([^`]+)` \|/gm)];
if (rows.length === 0) throw new Error("docs/events.md has no table of events");
const payloads = rows.map(([, event, fields]) => {
  const members = fields.split(/,\s*(?=[a-z_]+:)/).map((field) => {
    const [name, type] = field.split(/:\s*/);
    return `${name}: ${words[type] ?? type}`;
  });
  return `  ${event}: { ${members.join("; ")} };`;
});
const named = new Set(rows.flatMap(([, , fields]) => fields.match(/\b[A-Z]\w+/g) ?? []).filter((name) => name !== "Partial"));
writeFileSync(
  resolve(target, "events.ts"),
  `// Written by scripts/generate.mjs from docs/events.md.
import type { components } from "./openapi";

${[...named].map((name) => `type ${name} = components["schemas"]["${name}"];`).join("\n")}

export interface Payloads {
${payloads.join("\n")}
}

export type Frame = {
  [E in keyof Payloads]: { event: E; workspace_id: string; timestamp: string; seq: number; payload: Payloads[E] };
}[keyof Payloads];
`,
);
