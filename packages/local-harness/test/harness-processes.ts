import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { processes } from "../../../test/processes.ts";
import type { HarnessEndpoints, OpenHarnessOptions } from "../src/harness/index.ts";
import type { Faults } from "./fake-daemon.ts";
import { readRecord } from "../src/harness/record.ts";

export const FAKE_DAEMON = new URL("./fake-daemon.ts", import.meta.url);

/** A harness must have ended this long after its last user. */
export const END_MS = 2_000;

export async function until(what: string, holds: () => Promise<boolean>, withinMs: number) {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Not within ${withinMs} ms: ${what}`);
    await delay(10);
  }
}

/** Not a zombie: in a container nobody may reap what lost its parent. */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return !/\) [ZX] /.test(status);
}

export function answers(endpoint: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(endpoint).port), "127.0.0.1");
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}

/** Not running, and its ports closed: threads of a process may outlive its first by a moment. */
export async function hasEnded(pid: number, { s3, dynamodb }: HarnessEndpoints): Promise<boolean> {
  return !(await isRunning(pid)) && !(await answers(s3)) && !(await answers(dynamodb));
}

/** Unless it has ended already. */
function end(pid: number): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch {
    return;
  }
}

export async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.split(" ").filter(Boolean).map(Number);
}

/** Processes whose arguments name a path. */
export async function processesOf(path: string): Promise<number[]> {
  const found = await processes();
  return found.filter(({ args }) => args.some((arg) => arg.includes(path))).map(({ pid }) => pid);
}

export async function isDeserted(path: string): Promise<boolean> {
  return (await processesOf(path)).length === 0;
}

/** A state directory and whoever uses it; at its end all of them have ended and it is gone. */
export class Place implements AsyncDisposable {
  readonly root: string;
  readonly state: string;
  readonly #users: HarnessUser[] = [];

  private constructor(root: string, name: string) {
    this.root = root;
    this.state = join(root, name);
  }

  static async make(name = ".topline"): Promise<Place> {
    return new Place(await mkdtemp(join(tmpdir(), "harness-")), name);
  }

  /** Another process that uses the harness of this place. */
  user(daemon: URL | undefined, settings: UserSettings = {}): HarnessUser {
    const user = startUser(this.state, daemon, settings);
    this.#users.push(user);
    return user;
  }

  async daemonPid(): Promise<number> {
    const record = await readRecord(join(this.state, "harness.json"));
    if (record === undefined) throw new Error("No harness runs here");
    return record.pid;
  }

  async [Symbol.asyncDispose]() {
    for (const user of this.#users) user.kill();
    for (const pid of await processesOf(this.root)) end(pid);
    await until("all processes of the place have ended", () => isDeserted(this.root), 10_000);
    await rm(this.root, { recursive: true, force: true });
  }
}

/** A place whose harness is the stand-in, misbehaving so. */
export async function placeWith(faults: Faults): Promise<Place> {
  const place = await Place.make();
  await mkdir(place.state);
  await writeFile(join(place.state, "faults.json"), JSON.stringify(faults));
  return place;
}

export interface HarnessUser {
  readonly pid: number;
  /** Resolves once it holds the harness. */
  readonly endpoints: Promise<HarnessEndpoints>;
  /** Resolves with the exit code when it has ended and its output has closed. */
  readonly closed: Promise<number | null>;
  /** All that it wrote. */
  output(): string;
  /** Lets it end as a command does. */
  end(): void;
  kill(): void;
}

export interface UserSettings {
  readonly options?: Omit<OpenHarnessOptions, "stateDirectory">;
  readonly env?: Readonly<Record<string, string>>;
}

function startUser(
  state: string,
  daemon: URL | undefined,
  { options = {}, env = {} }: UserSettings,
): HarnessUser {
  const script = fileURLToPath(new URL("./harness-user.ts", import.meta.url));
  const child = spawn(
    process.execPath,
    ["--conditions=@topline/source", script, state, daemon?.href ?? "", JSON.stringify(options)],
    { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, ...env } },
  );
  let output = "";
  let faults = "";
  const { promise: endpoints, resolve, reject } = Promise.withResolvers<HarnessEndpoints>();
  endpoints.catch(() => {});
  child.stdin.on("error", () => {});
  child.stderr.setEncoding("utf8").on("data", (text: string) => (faults += text));
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    const [line, rest] = output.split("\n");
    if (rest !== undefined) resolve(JSON.parse(line ?? "") as HarnessEndpoints);
  });
  const closed = new Promise<number | null>((resolve) => child.on("close", resolve));
  void closed.then((code) => reject(new Error(`The user ended with ${code}: ${faults}`)));
  return {
    pid: child.pid ?? 0,
    endpoints,
    closed,
    output: () => output,
    end: () => child.stdin.end(),
    kill: () => void child.kill("SIGKILL"),
  };
}
