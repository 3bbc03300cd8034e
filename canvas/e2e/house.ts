import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");
const JAR = join(root, "platform/target/molecule-platform-0.1.0.jar");

/** A real platform on a free port and a fresh directory, as ./molecule up starts it, and a client with the operator's token. */
export class House {
  private process: ChildProcess | undefined;
  private token = "";
  url = "";

  private constructor(
    private readonly directory: string,
    private readonly settings: Record<string, string>,
  ) {}

  static async open(settings: Record<string, string> = {}): Promise<House> {
    if (!existsSync(JAR)) throw new Error(`Expected the platform at ${JAR}; run ./molecule build`);
    const house = new House(mkdtempSync(join(tmpdir(), "molecule-e2e-")), settings);
    await house.start("0");
    return house;
  }

  /** Stops the platform, as Ctrl-C does. */
  async stop(): Promise<void> {
    const ended = new Promise((done) => this.process?.on("exit", done));
    this.process?.kill("SIGTERM");
    await ended;
  }

  /** Starts it again where it was. */
  async startAgain(): Promise<void> {
    await this.start(new URL(this.url).port);
  }

  private async start(port: string): Promise<void> {
    const java = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, "bin/java") : "java";
    const child = spawn(
      java,
      ["-XX:+UseSerialGC", `-Dmolecule.agent.jar=${join(root, "agent/target/molecule-agent-0.1.0-all.jar")}`, "-jar", JAR],
      {
        cwd: this.directory,
        env: { PATH: process.env.PATH, PORT: port, DATA_DIR: join(this.directory, "data"), CONTAINER_BACKEND: "process", ...this.settings },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    this.process = child;
    let output = "";
    const link = await new Promise<string>((found, failed) => {
      const hear = (chunk: Buffer) => {
        output += chunk;
        const match = /(http:\/\/\S+)signin\?code=\S+/.exec(output);
        if (match && output.includes("Stop ")) found(match[0]);
      };
      child.stdout.on("data", hear);
      child.stderr.on("data", hear);
      child.on("exit", (code) => failed(new Error(`The platform ended with ${code}: ${output}`)));
      setTimeout(() => failed(new Error(`The platform did not come up: ${output}`)), 60_000).unref();
    });
    this.url = link.replace(/\/signin.*/, "");
    this.token = readFileSync(join(this.directory, "data/admin-token"), "utf8").trim();
  }

  async api<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(this.url + path, {
      method,
      headers: { Authorization: `Bearer ${this.token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as T;
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  }

  async create(draft: Record<string, unknown>): Promise<string> {
    return (await this.api<{ id: string }>("POST", "/workspaces", draft)).id;
  }

  adminToken(): string {
    return this.token;
  }

  async newLink(): Promise<string> {
    return (await this.api<{ url: string }>("POST", "/signin-links", {})).url;
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
