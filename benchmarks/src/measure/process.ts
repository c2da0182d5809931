import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { text } from "node:stream/consumers";
import { type Usage, usageOf } from "./tree.ts";

/** How often memory is looked at. The kernel keeps a process's own peak; this is for sums over trees. */
const SAMPLE_MS = 20;

export interface Cost {
  /** From the start of the process to its end. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

export interface Finished {
  readonly cost: Cost;
  /** Of a process that served this one, over the same time. */
  readonly server: Omit<Cost, "seconds"> | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs one Node process to its end and tells what it took.
 * @param server a running process to watch beside it
 * @throws {Error} with what the process said, unless it exits with 0
 */
export async function runMeasured(args: readonly string[], server?: number): Promise<Finished> {
  const served = server === undefined ? undefined : watched(server);
  const began = performance.now();
  const child = spawn(process.execPath, ["--conditions=@topline/source", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const own = watched(child.pid ?? -1);
  const timer = setInterval(() => {
    own.look();
    served?.look();
  }, SAMPLE_MS);
  try {
    const closed = once(child, "close");
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    const [code] = (await closed) as [number | null];
    const seconds = (performance.now() - began) / 1000;
    served?.look();
    if (code !== 0) {
      throw new Error(`${args.join(" ")} ended with ${code}.\n${stdout}\n${stderr}`);
    }
    return { cost: { seconds, ...own.taken() }, server: served?.taken(), stdout, stderr };
  } finally {
    clearInterval(timer);
  }
}

function watched(pid: number) {
  const first = usageOf(pid);
  let last: Usage = first;
  let peakBytes = 0;
  return {
    look(): void {
      const now = usageOf(pid);
      if (now.cpuSeconds === 0) return;
      last = now;
      peakBytes = Math.max(peakBytes, now.residentBytes, now.peakBytes);
    },
    taken: () => ({ cpuSeconds: last.cpuSeconds - first.cpuSeconds, peakBytes }),
  };
}
