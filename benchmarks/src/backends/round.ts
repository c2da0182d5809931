import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { HarnessBackend } from "@topline/local-harness";
import { z } from "zod";
import { usageOf } from "../measure/tree.ts";
import { type ContainersOf, containersOf } from "./containers.ts";

/** What one life of a backend took. */
export interface Measured {
  readonly openSeconds: number;
  readonly usableSeconds: number;
  /** From its only user letting go until no process and no container of it is left. */
  readonly stopSeconds: number;
  /** Resident after a rest: the harness's processes, and those in its containers. */
  readonly restingBytes: number;
  /** The sum of what each of those processes has had resident at its most. */
  readonly peakBytes: number;
}

export interface RoundOptions {
  readonly backend: HarnessBackend;
  /** The docker command, where the backend needs it. */
  readonly docker: string | undefined;
  /** Where the state lies for as long as this takes. */
  readonly parent: string;
  /** Between the first calls and the look at memory. */
  readonly restMs: number;
}

const USER = fileURLToPath(new URL("./user.ts", import.meta.url));
const POLL_MS = 10;
const STOP_MS = 60_000;

const openedSchema = z.object({
  open_ms: z.number(),
  usable_ms: z.number(),
  label: z.string().nullable(),
});

/** @throws {Error} with what the backend's user said, when it did not come up, or did not go */
export async function measureOnce(options: RoundOptions): Promise<Measured> {
  const { backend, docker, parent, restMs } = options;
  const state = await mkdtemp(join(parent, "topline-bench-"));
  const child = spawn(process.execPath, ["--conditions=@topline/source", USER, backend, state], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  const errors = text(child.stderr);
  const closed = once(child, "close");
  try {
    const line = await Promise.race([
      once(createInterface({ input: child.stdout }), "line") as Promise<[string]>,
      closed.then(async ([code]) => {
        throw new Error(`The user of ${backend} ended with ${code}: ${await errors}`);
      }),
    ]);
    const opened = openedSchema.parse(JSON.parse(line[0]));
    const containers =
      opened.label === null || docker === undefined ? NONE : containersOf(docker, opened.label);
    await delay(restMs);
    const harness = await harnessProcess(state);
    const usages = [harness, ...(await containers.pids())].map(usageOf);
    const began = performance.now();
    child.stdin.end();
    await gone(harness, containers);
    const stopSeconds = (performance.now() - began) / 1000;
    await closed;
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    return {
      openSeconds: opened.open_ms / 1000,
      usableSeconds: opened.usable_ms / 1000,
      stopSeconds,
      restingBytes: sum(usages.map(({ residentBytes }) => residentBytes)),
      peakBytes: sum(usages.map(({ peaksBytes }) => peaksBytes)),
    };
  } finally {
    child.kill("SIGKILL");
    await rm(state, { recursive: true, force: true, maxRetries: 20 });
  }
}

const NONE: ContainersOf = {
  pids: () => Promise.resolve([]),
  exist: () => Promise.resolve(false),
};

/** The harness's README says where its process id is. */
async function harnessProcess(state: string): Promise<number> {
  const record: unknown = JSON.parse(await readFile(join(state, "harness.json"), "utf8"));
  return z.object({ pid: z.int() }).parse(record).pid;
}

async function gone(harness: number, containers: ContainersOf): Promise<void> {
  const patience = AbortSignal.timeout(STOP_MS);
  while (isRunning(harness) || (await containers.exist())) {
    if (patience.aborted) throw new Error(`Process ${harness} or its containers are still there.`);
    await delay(POLL_MS);
  }
}

/** What has ended and was not waited for holds nothing. */
const isRunning = (pid: number) => usageOf(pid).residentBytes > 0;
