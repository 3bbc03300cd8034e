import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { House } from "./house";

const SCREENSHOTS = resolve(import.meta.dirname, "../../target/screenshots");
const ENGINE = process.env.TEST_DOCKER_HOST;

describe.skipIf(!ENGINE)("an agent in a container", () => {
  let house: House;
  let browser: Browser;
  let page: Page;
  const shared = mkdtempSync(join(tmpdir(), "molecule-shared-"));

  beforeAll(async () => {
    mkdirSync(SCREENSHOTS, { recursive: true });
    house = await House.open({
      CONTAINER_BACKEND: "docker",
      DOCKER_HOST: ENGINE ?? "",
      WORKSPACE_IMAGE_PREFIX: "molecule-test/workspace-",
      DOCKER_SUBNETS: "10.243.0.0/16",
      WORKSPACE_ROOTS: shared,
    });
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
    for (const one of await house.api<{ id: string }[]>("GET", "/workspaces")) await house.api("DELETE", `/workspaces/${one.id}?confirm=true`);
    await browser?.close();
    await house?.close();
    rmSync(shared, { recursive: true });
  });

  const card = (name: string) => page.getByTestId("card").filter({ has: page.getByRole("heading", { name, exact: true }) });
  const shot = (name: string) => page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });

  it("shows each step of its start, what it takes, and what it writes", async () => {
    const steps = new Set<string>();
    await page.exposeFunction("sawStep", (step: string) => steps.add(step));
    await page.evaluate(() => {
      new MutationObserver(() => {
        for (const one of document.querySelectorAll(".card .step")) (window as unknown as { sawStep: (step: string) => void }).sawStep(one.textContent ?? "");
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    await page.getByRole("button", { name: "New workspace" }).first().click();
    await page.getByLabel("Name", { exact: true }).fill("Boxed");
    await page.getByRole("combobox", { name: "Backend" }).selectOption("docker");
    await page.getByRole("button", { name: "Create", exact: true }).click();
    await card("Boxed").getByText("Online").waitFor();
    await card("Boxed").getByText("echo · docker").waitFor();
    expect([...steps]).toContain("registering");
    await page.getByTestId("usage").waitFor();
    expect(await page.getByTestId("usage").innerText()).toMatch(/\d+ % of a processor · \d+ MB of 512 MB · \d+ threads/);
    await shot("container-details");
    await page.getByRole("tab", { name: "Logs" }).click();
    await expect.poll(() => page.getByTestId("log").innerText()).toContain("registered");
    await shot("container-logs");
  });

  it("shows what an agent has of its machine", async () => {
    const work = join(shared, "work");
    mkdirSync(work);
    await house.api("POST", "/workspaces", { name: "Sharer", workspace_dir: work, workspace_access: "read_only" });
    await card("Sharer").getByText("Online").waitFor();
    await card("Sharer").getByRole("heading").click();
    await page.getByRole("tab", { name: "Details" }).click();
    await page.getByText(`${work} (read-only)`).waitFor();
    await shot("container-host-access");
    await card("Boxed").getByRole("heading").click();
  });

  it("opens a shell inside, whose window follows the page's", async () => {
    await page.getByRole("tab", { name: "Terminal" }).click();
    await page.getByTestId("terminal").locator(".xterm-helper-textarea").waitFor({ state: "attached" });
    const screen = () => page.getByTestId("terminal").locator(".xterm-rows").innerText();
    await expect.poll(screen).toContain("$");
    await page.keyboard.type("id -u; pwd; stty size | tr ' ' x\n");
    await expect.poll(screen).toContain("10001");
    const before = /(\d+)x(\d+)/.exec(await screen());
    await page.setViewportSize({ width: 1440, height: 700 });
    await expect
      .poll(async () => {
        await page.keyboard.type("stty size | tr ' ' x\n");
        return [...(await screen()).matchAll(/(\d+)x(\d+)/g)].at(-1)?.[1];
      })
      .not.toBe(before?.[1]);
    await shot("container-terminal");
    await page.keyboard.type("exit\n");
    await page.getByText("the shell ended").waitFor();
  });

  it("says why it failed, and can be tried again", async () => {
    await house.api("PUT", "/runtimes/nowhere", { image: "127.0.0.1:1/no/such:image" });
    await house.create({ name: "Nowhere", runtime: "nowhere" });
    await card("Nowhere").getByText("Failed").waitFor({ timeout: 60_000 });
    await card("Nowhere").click();
    await page.getByRole("tab", { name: "Details" }).click();
    await page.getByText("Expected to pull 127.0.0.1:1/no/such:image").first().waitFor();
    await shot("container-failed");
    await house.api("PUT", "/runtimes/nowhere", { image: "molecule-test/workspace-echo:latest" });
    await page.getByRole("button", { name: "Try again" }).click();
    await card("Nowhere").getByText("Online").waitFor();
    await house.api("DELETE", "/runtimes/nowhere");
  });
});
