// Adds up what every suite reported and ends with one line. A suite that reported nothing has failed.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";

const results = resolve(process.argv[2]);
const root = resolve(results, "../..");
const sum = { passed: 0, failed: 0, skipped: 0 };
const lines = [];

const failures = [];

// Says which test failed and the first line of why: the log of a machine that is gone cannot be asked.
function tell(suite, test, why) {
  const first = why.replace(/\u001b\[[0-9;]*m/g, "").trim().split("\n").slice(0, 3).join(" | ");
  failures.push(`  FAILED ${suite}: ${test}: ${first.slice(0, 300)}`);
}

function add(suite, passed, failed, skipped) {
  sum.passed += passed;
  sum.failed += failed;
  sum.skipped += skipped;
  lines.push(`  ${suite.padEnd(14)} ${passed} passed, ${failed} failed, ${skipped} skipped`);
}

for (const module of ["protocol", "llm-emulator", "agent", "conformance", "fly-emulator", "platform"]) {
  const reports = join(root, module, "target/surefire-reports");
  let passed = 0, failed = 0, skipped = 0;
  for (const file of existsSync(reports) ? readdirSync(reports).filter((name) => /^TEST-.*\.xml$/.test(name)) : []) {
    const report = readFileSync(join(reports, file), "utf8");
    const head = /<testsuite [^>]*>/.exec(report)?.[0] ?? "";
    const count = (name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(head)?.[1] ?? 0);
    const bad = count("errors") + count("failures");
    passed += count("tests") - bad - count("skipped");
    failed += bad;
    for (const [, test, suite, why] of report.matchAll(/<testcase name="([^"]*)" classname="([^"]*)"[^>]*>\s*<(?:failure|error)[^>]*>(?:<!\[CDATA\[)?([^<\]]*)/g)) {
      tell(suite.replace(/.*\./, ""), test, why);
    }
    skipped += count("skipped");
    for (const [, test, suite, why] of report.matchAll(/<testcase name="([^"]*)" classname="([^"]*)"[^>]*>\s*<skipped(?: message="([^"]*)")?/g)) {
      lines.push(`  ${suite.replace(/.*\./, "")} ${test}: SKIPPED, ${why ?? "no reason given"}`);
    }
  }
  if (passed + failed + skipped === 0) {
    lines.push(`  ${module}: MISSING, it reported no test`);
    failed = 1;
  }
  add(module, passed, failed, skipped);
}

const checks = readFileSync(join(results, "checks.tsv"), "utf8").trim().split("\n").map((line) => line.split("\t"));
for (const suite of ["canvas-unit", "interop", "browser"]) {
  const file = join(results, `${suite}.json`);
  if (existsSync(file)) {
    const report = JSON.parse(readFileSync(file, "utf8"));
    for (const file of report.testResults) {
      for (const test of file.assertionResults.filter((one) => one.status === "failed")) {
        tell(suite, test.fullName, test.failureMessages.join("\n"));
      }
    }
    add(suite, report.numPassedTests, report.numFailedTests + (report.numTotalTests === 0 ? 1 : 0), report.numPendingTests + report.numTodoTests);
  } else if (!checks.some(([state, name]) => name === suite && state !== "passed")) {
    add(`${suite} MISSING`, 0, 1, 0);
  }
}
for (const [state, name, reason] of checks) {
  sum[state] += 1;
  if (state !== "passed") lines.push(`  ${name}: ${state.toUpperCase()}${reason ? `, ${reason}` : ""}`);
}

console.log(`\n${[...lines, ...failures].join("\n")}\n`);
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
process.exit(sum.failed > 0 || (process.env.CI && sum.skipped > 0) ? 1 : 0);
