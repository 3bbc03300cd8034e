import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { House } from "./house";

const ROOT = resolve(import.meta.dirname, "../..");
const SCREENSHOTS = join(ROOT, "target/screenshots");
const EMULATOR = join(ROOT, "fly-emulator/target/molecule-fly-emulator-0.1.0-all.jar");
const AGENT = join(ROOT, "agent/target/molecule-agent-0.1.0-all.jar");
const JAVA = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, "bin/java") : "java";

/** The emulator on free ports; gives the variables that it prints. */
async function openEmulator(): Promise<{ child: ChildProcess; variables: Record<string, string> }> {
  if (!existsSync(EMULATOR)) throw new Error(`Expected the emulator at ${EMULATOR}; build the module fly-emulator`);
  const child = spawn(JAVA, ["-jar", EMULATOR], {
    env: { PATH: process.env.PATH, PORT: "0", PROXY_PORT: "0", TIMINGS: "quick", RUN: `${JAVA} -XX:+UseSerialGC -Xmx64m -jar ${AGENT}` },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const line = await new Promise<string>((found, failed) => {
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk;
      const match = /FLY_FLAPS_BASE_URL=.*\n/.exec(output);
      if (match) found(match[0].trim());
    });
    child.on("exit", (code) => failed(new Error(`The emulator ended with ${code}: ${output}`)));
  });
  return { child, variables: Object.fromEntries(line.split(" ").map((pair) => [pair.replace(/=.*/, ""), pair.replace(/^[^=]*=/, "")])) };
}

describe("an agent on a Fly machine", () => {
  let emulator: ChildProcess;
  let house: House;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    mkdirSync(SCREENSHOTS, { recursive: true });
    const fly = await openEmulator();
    emulator = fly.child;
    house = await House.open({ ...fly.variables, CONTAINER_BACKEND: "flyio" });
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
    await browser?.close();
    await house?.close();
    emulator?.kill("SIGTERM");
  });

  const card = (name: string) => page.getByTestId("card").filter({ has: page.getByRole("heading", { name, exact: true }) });
  const shot = (name: string) => page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });

  it("is created in a region, with what its tier costs in sight, and shows where it is", async () => {
    await page.getByRole("button", { name: "New workspace" }).first().click();
    await page.getByLabel("Name", { exact: true }).fill("eu-worker");
    await page.getByRole("combobox", { name: "Region" }).selectOption("ams");
    await page.getByText("$0.0158/h").waitFor();
    await page.getByText("2 GB · 2 CPU").click();
    await shot("fly-create");
    await page.getByRole("button", { name: "Create", exact: true }).click();
    await card("eu-worker").getByText("Online").waitFor();
    await card("eu-worker").getByText("echo · flyio · ams").waitFor();
    const row = (await house.api<{ instance: string }[]>("GET", "/workspaces"))[0];
    await page.getByText(row?.instance.replace(/@.*/, "") ?? "no machine", { exact: true }).waitFor();
    await page.getByTestId("stays").getByText("online").waitFor();
    await shot("fly-details");
  });

  it("stands in the table under its region", async () => {
    const local = await house.create({ name: "local", backend: "process" });
    await card("local").getByText("Online").waitFor();
    await page.getByRole("button", { name: "Table" }).click();
    const group = page.getByRole("rowgroup", { name: "ams" });
    await group.getByRole("button", { name: "eu-worker" }).waitFor();
    await page.getByRole("rowgroup", { name: "here" }).getByRole("button", { name: "local" }).waitFor();
    await shot("fly-table");
    await page.getByRole("dialog", { name: "All workspaces" }).getByRole("combobox").selectOption("backend");
    await page.getByRole("rowgroup", { name: "flyio" }).getByRole("button", { name: "eu-worker" }).click();
    expect(await page.getByRole("dialog").count()).toBe(0);
    await house.api("DELETE", `/workspaces/${local}`);
  });

  it("sleeps, and is woken by what somebody says to it", async () => {
    await page.getByRole("button", { name: "Hibernate" }).click();
    await card("eu-worker").getByText("Hibernated").waitFor();
    await page.getByRole("tab", { name: "Chat" }).click();
    await page.getByLabel("Message").fill("good morning");
    await page.keyboard.press("Enter");
    await page.getByText("good morning").nth(1).waitFor();
    await card("eu-worker").getByText("Online").waitFor();
    await shot("fly-woken");
  });
});
