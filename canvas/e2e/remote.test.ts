import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { House } from "./house";

const ROOT = resolve(import.meta.dirname, "../..");
const SCREENSHOTS = join(ROOT, "target/screenshots");
const AGENT = join(ROOT, "agent/target/molecule-agent-0.1.0-all.jar");
const JAVA = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, "bin/java") : "java";

describe("an agent that connects by itself", () => {
  let house: House;
  let browser: Browser;
  let page: Page;
  let agent: ChildProcess | undefined;

  beforeAll(async () => {
    mkdirSync(SCREENSHOTS, { recursive: true });
    house = await House.open();
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    });
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.on("pageerror", (error) => {
      throw error;
    });
    await page.goto(await house.newLink());
    await page.getByText("Live", { exact: true }).waitFor();
  });

  afterAll(async () => {
    agent?.kill();
    await browser?.close();
    await house?.close();
  });

  const card = (name: string) => page.getByTestId("card").filter({ has: page.getByRole("heading", { name, exact: true }) });
  const shot = (name: string) => page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });

  it("is created with a command to copy, and turns green with its first word", async () => {
    await page.getByRole("button", { name: "New workspace" }).first().click();
    await page.getByLabel("Name", { exact: true }).fill("Laptop");
    await page.getByText("Elsewhere").click();
    await page.getByRole("button", { name: "Create", exact: true }).click();
    const command = page.getByTestId("connect-command");
    await command.waitFor();
    expect(await command.textContent()).toContain("mol_enr_••••••");
    await page.getByText("Waiting for the agent …").waitFor();
    await page.getByRole("button", { name: "Show the enrolment" }).click();
    await shot("connect-waiting");
    const words = ((await command.textContent()) ?? "").trim().split(/\s+/);
    expect(words.slice(0, 3)).toEqual(["molecule", "agent", "join"]);
    agent = spawn(JAVA, ["-XX:+UseSerialGC", "-jar", AGENT, ...words.slice(2), "--state", mkdtempSync(join(tmpdir(), "joining-"))], { stdio: "ignore" });
    await page.getByText("Online: messages reach it over a connection that it opened").waitFor();
    await shot("connect-here");
    await page.getByRole("button", { name: "Done" }).click();
    await card("Laptop").getByText("REMOTE · uplink").waitFor();
  });

  it("answers in the chat, and shows how it is reached", async () => {
    await page.getByRole("tab", { name: "Details" }).click();
    await expect.poll(() => page.getByTestId("delivery").textContent(), { timeout: 10_000 }).toBe("over its uplink: a WebSocket, from 127.0.0.1");
    await shot("remote-details");
    await page.getByRole("tab", { name: "Chat" }).click();
    await page.getByLabel("Message").fill("hello over there");
    await page.keyboard.press("Enter");
    await page.getByText("hello over there").nth(1).waitFor();
  });

  it("is cut off when its token is revoked, and may be connected again", async () => {
    await page.getByRole("tab", { name: "Details" }).click();
    await page.getByTestId("tokens").getByRole("button", { name: "Revoke" }).click();
    await page.getByTestId("tokens").getByText("none").waitFor();
    await expect.poll(() => agent?.exitCode, { timeout: 10_000 }).toBe(77);
    await card("Laptop").getByText("Offline").waitFor({ timeout: 20_000 });
    await shot("remote-cut-off");
    await page.getByRole("button", { name: "Connect an agent" }).click();
    await page.getByRole("tab", { name: "A2A server" }).click();
    expect(await page.getByTestId("connect-command").textContent()).toContain("molecule agent bridge");
    await page.getByRole("button", { name: "Done" }).click();
  });

  it("says who was refused while somebody waits", async () => {
    await page.getByRole("button", { name: "New workspace" }).first().click();
    await page.getByRole("dialog").getByLabel("Name", { exact: true }).fill("Never comes");
    await page.getByText("Elsewhere").click();
    await page.getByRole("button", { name: "Create", exact: true }).click();
    await page.getByText("Waiting for the agent …").waitFor();
    const refused = await fetch(`${house.url}/registry/register`, {
      method: "POST",
      headers: { Authorization: `Bearer mol_enr_${"x".repeat(49)}` },
      body: JSON.stringify({ agent_card: {} }),
    });
    expect(refused.status).toBe(401);
    await page.getByTestId("connect-refused").getByText("Was the enrolment copied whole").waitFor({ timeout: 10_000 });
    await shot("connect-refused");
    await page.getByRole("tab", { name: "CI" }).click();
    expect(await page.getByTestId("connect-command").textContent()).toContain("molecule agent run");
    await page.getByRole("button", { name: "Done" }).click();
  });

  it("lets a pipeline in by a key; its run comes, tells when it ends, and is in the history when it is gone", async () => {
    await page.getByRole("button", { name: "Pipelines" }).click();
    await page.getByText("No pipeline may join yet.").waitFor();
    await page.getByRole("button", { name: "Let a pipeline in" }).click();
    await page.getByRole("dialog").getByLabel("Name", { exact: true }).fill("builds of org/app");
    await page.getByRole("button", { name: "Make the rule" }).click();
    const words = ((await page.getByTestId("run-command").textContent()) ?? "").trim().split(/\s+/);
    await shot("pipelines-key");
    await page.getByRole("button", { name: "Done" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Close", exact: true }).click();
    const before = words.slice(2, words.indexOf("--"));
    const run = spawn(JAVA, ["-XX:+UseSerialGC", "-jar", AGENT, ...before, "--name", "build 17", "--key", "17", "--label", "branch=main", "--", "cat"], { stdio: ["pipe", "ignore", "ignore"] });
    const known = () => house.api<{ name: string; delivery_mode: string }[]>("GET", "/workspaces");
    await expect.poll(async () => (await known()).find((one) => one.name === "build 17")?.delivery_mode, { timeout: 30_000 }).toBe("uplink");
    // Cards that are out of sight are not drawn.
    await page.getByRole("button", { name: "Fit View" }).click();
    await card("build 17").getByText("REMOTE · uplink").waitFor();
    await card("build 17").click();
    await page.getByRole("tab", { name: "Details" }).click();
    await page.getByTestId("ends").getByText("by itself, at").waitFor();
    await page.getByText("builds of org/app").waitFor();
    await shot("run-details");
    run.stdin?.end();
    await card("build 17").waitFor({ state: "detached", timeout: 20_000 });
    expect(await new Promise((ended) => (run.exitCode === null ? run.on("exit", ended) : ended(run.exitCode)))).toBe(0);
    await page.getByRole("button", { name: "Pipelines" }).click();
    await page.getByRole("button", { name: "Runs" }).click();
    await page.getByLabel("Runs of builds of org/app").getByText("success: its agent left").waitFor();
    await shot("pipelines-runs");
    await page.getByRole("dialog").getByRole("button", { name: "Close", exact: true }).click();
  });
});
