import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Browser, type BrowserContext, type Page, chromium } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { House } from "./house";

const SCREENSHOTS = resolve(import.meta.dirname, "../../target/screenshots");

let house: House;
let browser: Browser;
const contexts: BrowserContext[] = [];

beforeAll(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  house = await House.open();
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
});

afterAll(async () => {
  await browser?.close();
  await house?.close();
});

afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()));
  for (const one of await house.api<{ id: string; parent_id: string | null }[]>("GET", "/workspaces")) {
    if (!one.parent_id) await house.api("DELETE", `/workspaces/${one.id}?confirm=true`);
  }
});

/** A person in a browser of their own, signed in by a fresh link; whatever the page complains about fails the test. */
async function person(size = { width: 1440, height: 900 }): Promise<Page> {
  const context = await browser.newContext({ viewport: size });
  contexts.push(context);
  const page = await context.newPage();
  page.on("pageerror", (error) => {
    throw error;
  });
  await page.goto(await house.newLink());
  await page.getByText("Live", { exact: true }).waitFor();
  return page;
}

const card = (page: Page, name: string) => page.getByTestId("card").filter({ has: page.getByRole("heading", { name, exact: true }) });
const shot = (page: Page, name: string) => page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });

describe("signing in", () => {
  it("takes the admin token, keeps it nowhere a script could read, and ends", async () => {
    const context = await browser.newContext();
    contexts.push(context);
    const page = await context.newPage();
    await page.goto(house.url);
    await page.getByLabel("Admin token").fill("wrong-token-wrong-token");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").waitFor();
    await shot(page, "sign-in");
    await page.getByLabel("Admin token").fill(house.adminToken());
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("No agents yet").waitFor();
    const readable = await page.evaluate(() => document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage));
    expect(readable).toBe("{}{}");
    const cookie = (await context.cookies()).find((one) => one.name === "molecule_session");
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict" });
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Admin token").waitFor();
  });

  it("takes a printed link once", async () => {
    const link = await house.newLink();
    const context = await browser.newContext();
    contexts.push(context);
    const page = await context.newPage();
    await page.goto(link);
    await page.getByText("No agents yet").waitFor();
    await context.clearCookies();
    await page.goto(link);
    await page.getByText("That link was used already").waitFor();
  });
});

describe("the canvas", () => {
  it("leads on from nothing to a first agent that answers, streamed and cancelable", async () => {
    const page = await person();
    await shot(page, "empty-1440");
    await page.getByRole("button", { name: "Create the first workspace" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Researcher");
    await page.getByLabel("Role").fill("Finds and reads sources");
    await shot(page, "create");
    await page.getByRole("button", { name: "Create", exact: true }).click();
    await card(page, "Researcher").getByText("Online").waitFor();

    await page.getByRole("tab", { name: "Chat" }).click();
    const message = page.getByLabel("Message");
    await message.fill("hello there");
    await message.press("Enter");
    await page.locator(".turn.agent").getByText("hello there").waitFor();

    await message.fill("slow one two three four five six seven eight nine ten");
    await message.press("Enter");
    await page.locator(".turn.agent").getByText("one two three").waitFor();
    await shot(page, "chat-streaming");
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.locator(".turn.canceled").waitFor();
    expect(await page.locator(".turn.canceled").textContent()).not.toContain("nine");

    await message.fill("input");
    await message.press("Enter");
    await page.locator(".turn.question").getByText("What shall I answer?").waitFor();
    await message.fill("blue");
    await message.press("Enter");
    await page.locator(".turn.agent").getByText("blue", { exact: true }).waitFor();

    await page.getByRole("tab", { name: "Events" }).click();
    await page.locator(".events").getByText("online").first().waitFor();
  });

  it("tells remote agents apart: waiting, live, stale", async () => {
    const page = await person();
    const waiting = await house.create({ name: "Waiting one", runtime: "external" });
    const live = await house.create({ name: "Live one", runtime: "external" });
    const stale = await house.create({ name: "Stale one", runtime: "external" });
    for (const id of [live, stale]) await house.api("POST", "/registry/register", { id, agent_card: { name: "x" } });
    await house.api("POST", `/workspaces/${stale}/pause`);
    await house.api("POST", `/workspaces/${stale}/resume`);
    await card(page, "Waiting one").locator(".remote.waiting").waitFor();
    await card(page, "Live one").locator(".remote.live").waitFor();
    await card(page, "Stale one").locator(".remote.stale").waitFor();
    const colours = await Promise.all(
      ["Waiting one", "Live one", "Stale one"].map((name) => card(page, name).locator(".remote").evaluate((badge) => getComputedStyle(badge).backgroundColor)),
    );
    expect(new Set(colours).size).toBe(3);
    expect(colours[1]).toBe("rgb(124, 58, 237)");
    await shot(page, "remote-badges");
    expect(waiting).toBeTruthy();
  });

  it("agrees in two browsers about everything, without a reload", async () => {
    const one = await person();
    const other = await person({ width: 1024, height: 768 });
    const id = await house.create({ name: "Shared", runtime: "external", canvas: { x: 100, y: 100 } });
    await card(one, "Shared").waitFor();
    await card(other, "Shared").waitFor();
    await card(one, "Shared").click();
    await one.getByLabel("Name").fill("Renamed");
    await one.getByRole("button", { name: "Save" }).click();
    await card(other, "Renamed").waitFor();
    await house.api("PATCH", `/workspaces/${id}`, { tier: 4 });
    await card(one, "Renamed").getByText("T4").waitFor();
    await card(other, "Renamed").getByText("T4").waitFor();
    await house.api("DELETE", `/workspaces/${id}`);
    await other.getByText("No agents yet").waitFor();
    await one.getByText("No agents yet").waitFor();
  });

  it("moves a card by dragging, nests it by dropping, and takes that back", async () => {
    const page = await person();
    const other = await person();
    const boss = await house.create({ name: "Boss", runtime: "external", canvas: { x: 0, y: 0 } });
    const worker = await house.create({ name: "Worker", runtime: "external", canvas: { x: 400, y: 0 } });
    await house.create({ name: "Far", runtime: "external", canvas: { x: 800, y: 400 } });
    await card(page, "Far").waitFor();
    await page.getByRole("button", { name: "Fit View" }).click();
    await expect.poll(async () => (await card(page, "Boss").boundingBox())?.x ?? -1).toBeGreaterThan(0);

    const drag = async (from: { x: number; y: number }, to: { x: number; y: number }) => {
      await page.mouse.move(from.x, from.y);
      await page.mouse.down();
      await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 8 });
      await page.mouse.move(to.x, to.y, { steps: 8 });
      await page.mouse.up();
    };
    const at = async (name: string) => {
      const box = await card(page, name).boundingBox();
      if (!box) throw new Error(`${name} is not shown`);
      return { x: box.x + box.width / 2, y: box.y + 20 };
    };
    const row = (id: string) => house.api<{ x: number; y: number; parent_id: string | null }>("GET", `/workspaces/${id}`);

    const before = await row(worker);
    const start = await at("Worker");
    await drag(start, { x: start.x + 60, y: start.y + 160 });
    await expect.poll(async () => (await row(worker)).y).toBeGreaterThan(before.y + 50);
    expect((await row(worker)).parent_id).toBeNull();

    const target = await at("Boss");
    await drag(await at("Worker"), { x: target.x, y: target.y + 40 });
    await expect.poll(async () => (await row(worker)).parent_id).toBe(boss);
    await card(other, "Boss").getByText("1 inside").waitFor();
    await shot(page, "nested");
    await page.getByRole("button", { name: "Undo" }).click();
    await expect.poll(async () => (await row(worker)).parent_id).toBeNull();
  });

  it("finds a workspace by a few letters", async () => {
    const page = await person();
    for (let i = 0; i < 8; i++) await house.create({ name: `Worker ${i}`, role: i === 5 ? "reads the news" : "", runtime: "external" });
    await card(page, "Worker 7").waitFor();
    await page.keyboard.press("Control+k");
    await page.getByLabel("Search workspaces").fill("news");
    await page.getByRole("option", { name: /Worker 5/ }).waitFor();
    await shot(page, "search");
    await page.keyboard.press("Enter");
    await page.getByRole("complementary", { name: "Worker 5" }).waitFor();
    expect(page.url()).toContain("#w=");
  });

  it("warns before a team is removed, naming who goes with it", async () => {
    const page = await person();
    const boss = await house.create({ name: "Boss", runtime: "external" });
    await house.create({ name: "Worker", runtime: "external", parent_id: boss });
    await card(page, "Worker").waitFor();
    await card(page, "Boss").click({ position: { x: 60, y: 15 } });
    await page.getByRole("button", { name: "Remove" }).click();
    await page.getByRole("dialog").getByText("Worker").waitFor();
    await page.getByRole("button", { name: "Remove 2 workspaces" }).click();
    await page.getByText("No agents yet").waitFor();
  });

  it("draws one card when one of 500 changes, and asks for nothing while nothing happens", async () => {
    const ids: string[] = [];
    for (let i = 0; i < 500; i++) {
      ids.push(await house.create({ name: `Agent ${i}`, runtime: "external", canvas: { x: (i % 25) * 260, y: Math.floor(i / 25) * 130 } }));
    }
    const page = await person();
    await page.getByRole("button", { name: "Fit View" }).click();
    await expect.poll(() => page.getByTestId("card").count()).toBe(500);
    await shot(page, "five-hundred");
    const requests: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    await page.evaluate(() => ((window as unknown as { cardRenders: object }).cardRenders = {}));
    await house.api("PATCH", `/workspaces/${ids[250]}`, { name: "The one" });
    await card(page, "The one").waitFor();
    const renders = await page.evaluate(() => (window as unknown as { cardRenders: Record<string, number> }).cardRenders);
    expect(Object.keys(renders)).toEqual([ids[250]]);
    expect(requests).toEqual([]);
  });

  it("comes back by itself after the platform was restarted, still signed in, and misses nothing", async () => {
    const page = await person();
    await house.create({ name: "Before", runtime: "external" });
    await card(page, "Before").waitFor();
    await house.stop();
    await page.getByText("Reconnecting").waitFor();
    await house.startAgain();
    await house.create({ name: "Meanwhile", runtime: "external" });
    await card(page, "Meanwhile").waitFor();
    await page.getByText("Live", { exact: true }).waitFor();
  });

  it("fits a small screen with the panel open", async () => {
    const page = await person({ width: 1024, height: 768 });
    const boss = await house.create({ name: "Orchestrator", role: "Splits the work", runtime: "external", canvas: { x: 40, y: 40 } });
    await house.create({ name: "Writer", runtime: "external", parent_id: boss });
    await card(page, "Writer").waitFor();
    await card(page, "Writer").click();
    await page.getByRole("complementary", { name: "Writer" }).waitFor();
    await shot(page, "panel-1024");
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(overflow).toBe(0);
  });
});

describe("secrets", () => {
  it("go in, are never shown again, and reach the agent when it is started anew", async () => {
    const page = await person();
    await house.create({ name: "Keeper", canvas: { x: 0, y: 0 } });
    await card(page, "Keeper").getByText("Online").waitFor();
    await card(page, "Keeper").click();
    await page.getByRole("tab", { name: "Secrets" }).click();
    await page.getByLabel("Key").fill("API_KEY");
    await page.getByLabel("Value").fill("very particular");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("list", { name: "Secrets" }).getByText("API_KEY").waitFor();
    await shot(page, "secrets");
    expect(await page.content()).not.toContain("very particular");
    await page.getByRole("button", { name: "Restart it" }).click();
    await card(page, "Keeper").getByText("Online").waitFor();
    await page.getByRole("button", { name: "Delete API_KEY" }).click();
    await page.getByText("No secrets yet.").waitFor();
  });
});

describe("messages", () => {
  const rpc = (workspace: string, text: string) =>
    house.api("POST", `/workspaces/${workspace}/a2a`, {
      jsonrpc: "2.0",
      id: 1,
      method: "message/send",
      params: { message: { role: "user", parts: [{ kind: "text", text }] }, configuration: { blocking: false } },
    });

  it("that wait are counted on the card, and go when the agent is there", async () => {
    const page = await person();
    const id = await house.create({ name: "Sleepy", canvas: { x: 0, y: 0 } });
    await card(page, "Sleepy").getByText("Online").waitFor();
    await house.api("POST", `/workspaces/${id}/pause`);
    await rpc(id, "first");
    await rpc(id, "second");
    await card(page, "Sleepy").getByTitle("Messages that wait for this agent").getByText("2").waitFor();
    await card(page, "Sleepy").click();
    await page.getByRole("tab", { name: "Tasks" }).click();
    await page.getByRole("list", { name: "Tasks" }).getByText("waiting").nth(1).waitFor();
    await shot(page, "waiting");
    await house.api("POST", `/workspaces/${id}/resume`);
    await page.getByRole("list", { name: "Tasks" }).getByText("completed").nth(1).waitFor();
    await card(page, "Sleepy").getByTitle("Messages that wait for this agent").waitFor({ state: "detached" });
  });

  it("wake an agent that sleeps, from its chat too", async () => {
    const page = await person();
    await house.create({ name: "Sleeper", canvas: { x: 0, y: 0 } });
    await card(page, "Sleeper").getByText("Online").waitFor();
    await card(page, "Sleeper").click();
    await page.getByRole("button", { name: "Hibernate" }).click();
    await card(page, "Sleeper").getByText("Hibernated").waitFor();
    await page.getByRole("tab", { name: "Chat" }).click();
    await page.getByLabel("Message").fill("good morning");
    await shot(page, "hibernated");
    await page.getByRole("button", { name: "Send" }).click();
    await page.locator(".turn.agent").getByText("good morning").waitFor();
    await card(page, "Sleeper").getByText("Online").waitFor();
  });

  it("that an agent sends by itself are told, and stay in its chat", async () => {
    const page = await person();
    const id = await house.create({ name: "Talker", canvas: { x: 0, y: 0 } });
    await card(page, "Talker").getByText("Online").waitFor();
    await house.api("POST", `/workspaces/${id}/notify`, { message: "The build is green" });
    await page.getByRole("status").getByText("Talker: The build is green").waitFor();
    await page.reload();
    await card(page, "Talker").click();
    await page.getByRole("tab", { name: "Chat" }).click();
    await page.locator(".turn.notice").getByText("The build is green").waitFor();
    await house.api("POST", `/workspaces/${id}/notify`, { message: "And deployed" });
    await page.locator(".turn.notice").nth(1).getByText("And deployed").waitFor();
    await shot(page, "notice");
  });

  it("that were given up are counted above, listed, and sent again", async () => {
    const page = await person();
    const id = await house.create({ name: "Unreachable", runtime: "external", canvas: { x: 0, y: 0 } });
    await house.api("POST", "/registry/register", { id, url: "https://agent.invalid/", agent_card: { name: "x" } });
    await house.api("POST", `/workspaces/${id}/delegate`, { target_id: await house.create({ name: "Nobody", runtime: "external" }), task: "never done", timeout_seconds: 1 });
    await page.getByRole("button", { name: "1 undelivered" }).click();
    const list = page.getByRole("list", { name: "Messages that were given up" });
    await list.getByText("never done").waitFor();
    await list.getByText("it was not done by").waitFor();
    await shot(page, "dead-letters");
    await list.getByRole("button", { name: "Send again" }).click();
    await page.getByText("Everything was delivered.").waitFor();
  });

  it("between agents are an edge, and who asked whom is a tree", async () => {
    const page = await person();
    const boss = await house.create({ name: "Boss", canvas: { x: 0, y: 0 } });
    const worker = await house.create({ name: "Worker", canvas: { x: 420, y: 180 } });
    await card(page, "Boss").getByText("Online").waitFor();
    await card(page, "Worker").getByText("Online").waitFor();
    await rpc(boss, `ask ${worker} sleep 30`);
    await page.locator(".react-flow__edge.message.open").waitFor({ state: "attached" });
    await card(page, "Boss").click();
    await page.getByRole("tab", { name: "Tasks" }).click();
    const task = page.getByRole("list", { name: "Tasks" }).locator("li.task").filter({ hasText: "from operator" });
    await task.locator("summary").click();
    await task.getByRole("list", { name: "Who asked whom" }).getByRole("listitem").nth(1).waitFor();
    await shot(page, "delegation");
    await task.getByRole("button", { name: "Cancel" }).click();
    await task.locator("summary").getByText("canceled").waitFor();
    await page.locator(".react-flow__edge.message.open").waitFor({ state: "detached" });
  });
});
