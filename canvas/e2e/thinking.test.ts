import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { House } from "./house";

const ROOT = resolve(import.meta.dirname, "../..");
const SCREENSHOTS = join(ROOT, "target/screenshots");
const LLM = join(ROOT, "llm-emulator/target/molecule-llm-emulator-0.1.0-all.jar");
const JAVA = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, "bin/java") : "java";

/** An emulator of a provider of models, and where it is. */
async function emulator(): Promise<{ url: string; process: ChildProcess }> {
  if (!existsSync(LLM)) throw new Error(`Expected the emulator at ${LLM}; run ./molecule build`);
  const child = spawn(JAVA, ["-XX:+UseSerialGC", "-jar", LLM], { env: { PATH: process.env.PATH, PORT: "0" }, stdio: ["ignore", "pipe", "inherit"] });
  const url = await new Promise<string>((found, failed) => {
    child.stdout.on("data", (chunk: Buffer) => {
      const match = /http:\/\/\S+\/v1/.exec(String(chunk));
      if (match) found(match[0]);
    });
    child.on("exit", (code) => failed(new Error(`The emulator ended with ${code}`)));
  });
  return { url, process: child };
}

describe("an agent that thinks", () => {
  let house: House;
  let browser: Browser;
  let model: Awaited<ReturnType<typeof emulator>>;

  beforeAll(async () => {
    mkdirSync(SCREENSHOTS, { recursive: true });
    [house, model] = await Promise.all([House.open(), emulator()]);
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    });
  });

  afterAll(async () => {
    model?.process.kill();
    await browser?.close();
    await house?.close();
  });

  async function person(): Promise<Page> {
    const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
    page.on("pageerror", (error) => {
      throw error;
    });
    await page.goto(await house.newLink());
    await page.getByText("Live", { exact: true }).waitFor();
    return page;
  }

  async function thinking(name: string): Promise<string> {
    const id = await house.create({ name, role: "Keeps the archive", runtime: "hermes", model: "scripted", secrets: { OPENAI_BASE_URL: model.url } });
    await expect.poll(async () => (await house.api<{ status: string }>("GET", `/workspaces/${id}`)).status, { timeout: 20_000 }).toBe("online");
    return id;
  }

  const card = (page: Page, name: string) => page.getByTestId("card").filter({ has: page.getByRole("heading", { name, exact: true }) });
  const shot = (page: Page, name: string) => page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });

  it("asks people first, in the chat and everywhere, and goes on by itself once one has decided", async () => {
    await thinking("Archivist");
    const page = await person();
    await card(page, "Archivist").click();
    await page.getByRole("tab", { name: "Chat" }).click();
    await page.getByLabel("Message").fill('call request_approval {"action": "Delete the archive of 2019", "reason": "It is larger than all others together"}');
    await page.getByRole("button", { name: "Send" }).click();
    const question = page.getByLabel("Approval: Delete the archive of 2019");
    await question.waitFor();
    await page.getByRole("button", { name: "1 to approve" }).waitFor();
    await card(page, "Archivist").getByTitle("Waits for a person to decide").waitFor();
    await shot(page, "approval-in-chat");

    const other = await person();
    await other.getByRole("button", { name: "1 to approve" }).click();
    const dialog = other.getByRole("dialog");
    await dialog.getByText("It is larger than all others together").waitFor();
    await shot(other, "approvals");
    await dialog.getByRole("button", { name: "Approve" }).click();
    await dialog.getByText("Nobody waits for a decision.").waitFor();

    await page.getByText(/The tool answered: .*"status":"approved"/).waitFor();
    expect(await question.count()).toBe(0);
    expect(await page.getByRole("button", { name: "1 to approve" }).count()).toBe(0);
    await shot(page, "approval-decided");
  });

  it("shows what it remembers, finds it by its meaning, and forgets it", async () => {
    const id = await thinking("Librarian");
    await house.api("POST", `/workspaces/${id}/memories`, { content: "Deploys happen on Tuesday mornings", scope: "LOCAL" });
    const page = await person();
    await card(page, "Librarian").click();
    await page.getByRole("tab", { name: "Memory" }).click();
    const list = page.getByRole("list", { name: "Memories" });
    await list.getByText("Deploys happen on Tuesday mornings").waitFor();
    await page.getByLabel("Something to remember").fill("The customer prefers invoices in euros");
    await page.getByLabel("Who sees it").selectOption("TEAM");
    await page.getByRole("button", { name: "Remember" }).click();
    await list.getByText("The customer prefers invoices in euros").waitFor();
    await page.getByLabel("Ask its memory").fill("how do we bill this client");
    await list.getByText(/% alike/).waitFor();
    await expect.poll(() => list.getByRole("listitem").count()).toBe(1);
    await shot(page, "memory");
    await page.getByRole("button", { name: "Forget: The customer prefers" }).click();
    await page.getByText("Nothing that has to do with it.").waitFor();
  });

  it("changes what it is configured with, and loses nothing that somebody else wrote", async () => {
    const id = await thinking("Configured");
    const kept = "# why it is so stays here\r\nrole: counts\r\nparent: Ada # nobody knows this one\n";
    const files = async () => (await house.api<{ files: Record<string, string> }>("GET", `/workspaces/${id}/configuration`)).files;
    await house.api("PUT", `/workspaces/${id}/configuration/config.yaml`, { content: kept });
    const page = await person();
    await card(page, "Configured").click();
    await page.getByRole("tab", { name: "Config" }).click();
    const text = page.getByLabel("config.yaml", { exact: true });
    const save = page.getByRole("button", { name: "Save" });
    await expect.poll(() => text.inputValue()).toContain("role: counts");
    await page.getByText("parent: is kept, but is not known").waitFor();
    expect(await save.isDisabled()).toBe(true);

    await text.fill("# why it is so stays here\nrole: [counts\nparent: Ada # nobody knows this one\n");
    await save.click();
    await page.getByRole("alert").getByText(/config\.yaml, line \d+, column \d+: expected YAML/).waitFor();
    expect((await files())["config.yaml"], "nothing is saved").toBe(kept);
    await shot(page, "config-refused");

    await text.fill("# why it is so stays here\nrole: counts twice\nparent: Ada # nobody knows this one\n");
    await page.getByText("not saved: +1 −1 lines").waitFor();
    await page.getByRole("tab", { name: "Details" }).click();
    await page.getByRole("tab", { name: "Config" }).click();
    expect(await text.inputValue(), "it is there after a look elsewhere").toContain("counts twice");
    await house.api("PUT", `/workspaces/${id}/configuration/system-prompt.md`, { content: "Count." });
    await page.getByRole("button", { name: "system-prompt.md" }).waitFor();
    await save.click();
    await page.getByText("saved", { exact: true }).waitFor();
    expect((await files())["config.yaml"]).toBe(kept.replace("counts", "counts twice"));

    await text.fill("role: mine\n");
    await house.api("PUT", `/workspaces/${id}/configuration/config.yaml`, { content: "role: theirs\n" });
    await page.getByText("Somebody else changed this file meanwhile.").waitFor();
    expect(await save.isDisabled()).toBe(true);
    await shot(page, "config-conflict");
    await page.getByRole("button", { name: "Take theirs" }).click();
    expect(await text.inputValue()).toBe("role: theirs\n");

    await page.getByLabel("Path of a new file").fill("skills/review/SKILL.md");
    await page.getByRole("button", { name: "New file" }).click();
    await page.getByLabel("skills/review/SKILL.md", { exact: true }).fill("---\nname: Review\ndescription: Finds faults\n---\nRead it twice.\n");
    await page.keyboard.press("Control+s");
    await page.getByText("saved", { exact: true }).waitFor();
    await shot(page, "config");
    await page.getByRole("button", { name: "Delete skills/review/SKILL.md" }).click();
    await expect.poll(async () => Object.keys(await files()).sort()).toEqual(["config.yaml", "system-prompt.md"]);
    await page.getByRole("button", { name: "Undo" }).click();
    await expect.poll(async () => Object.keys(await files())).toContain("skills/review/SKILL.md");
  });

  it("shows what it costs, and stops at its budget until it is raised", async () => {
    const id = await thinking("Spender");
    const page = await person();
    await card(page, "Spender").click();
    await page.getByRole("tab", { name: "Chat" }).click();
    const message = page.getByLabel("Message");
    const say = async (text: string) => {
      await message.fill(text);
      await page.getByRole("button", { name: "Send" }).click();
    };
    await say("say eight words that cost a lot of money");
    await page.getByText("eight words that cost a lot of money", { exact: true }).waitFor();
    await page.getByRole("tab", { name: "Usage" }).click();
    const price = page.getByLabel("Price of scripted");
    await price.getByLabel("$ for a million tokens read").fill("0");
    await price.getByLabel("written").fill("100000");
    await price.getByRole("button", { name: "Save" }).click();
    await page.getByTestId("month").getByText("$0.90").waitFor();
    await page.getByLabel("Budget for a month, $").fill("1");
    await page.getByRole("button", { name: "Set" }).click();
    await page.getByTestId("month").getByText("of $1.00").waitFor();
    await card(page, "Spender").getByTitle("More than 80 % of its budget are used up").waitFor();
    await page.getByRole("tab", { name: "Chat" }).click();
    await say("say eight words that cost a lot of money");
    await card(page, "Spender").getByTitle("Its budget is used up: it gets no work").waitFor();
    await say("say one more");
    await page.getByText(/its budget of this month is used up/).waitFor();
    await page.getByRole("tab", { name: "Usage" }).click();
    await page.getByText("it gets no work").waitFor();
    await shot(page, "usage");
    await page.getByRole("button", { name: "Table" }).click();
    await page.getByRole("dialog").getByText("$1.80 of $1.00").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "No limit" }).click();
    await expect.poll(async () => (await house.api<{ budget_state: string }>("GET", `/workspaces/${id}`)).budget_state).toBe("open");
  });

  it("shows the tools that it calls, and whom it asked", async () => {
    const boss = await thinking("Boss");
    const worker = await house.create({ name: "Helper", runtime: "echo", parent_id: boss });
    await expect.poll(async () => (await house.api<{ status: string }>("GET", `/workspaces/${worker}`)).status, { timeout: 20_000 }).toBe("online");
    const page = await person();
    await card(page, "Boss").click({ position: { x: 60, y: 20 } });
    await page.getByRole("tab", { name: "Chat" }).click();
    await page.getByLabel("Message").fill(`call delegate_task {"workspace_id": "${worker}", "task": "count to three"}`);
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("The tool answered: count to three").waitFor();
    await page.getByRole("list", { name: "Tools called" }).getByText("delegate_task").waitFor();
    const delegated = page.getByRole("list", { name: "Delegated" });
    await delegated.getByText("completed · count to three").waitFor();
    await shot(page, "delegated");
    await delegated.getByRole("button", { name: "Helper" }).click();
    await page.getByRole("heading", { name: "Helper", level: 2 }).waitFor();
  });

  it("hears a no from the chat itself", async () => {
    await thinking("Buyer");
    const page = await person();
    await card(page, "Buyer").click();
    await page.getByRole("tab", { name: "Chat" }).click();
    await page.getByLabel("Message").fill('call request_approval {"action": "Buy a boat"}');
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByLabel("Approval: Buy a boat").getByRole("button", { name: "Deny" }).click();
    await page.getByText(/The tool answered: .*"status":"denied"/).waitFor();
  });
});
