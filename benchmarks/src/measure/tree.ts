import { readdirSync, readFileSync } from "node:fs";

/** What a process and its children use, as Linux tells it in /proc. */
export interface Usage {
  /** Resident now, over the tree. */
  readonly residentBytes: number;
  /** The most that the process itself has had resident since it began. */
  readonly peakBytes: number;
  /** The sum of what each process of the tree has had resident at its most: at least what all held at once. */
  readonly peaksBytes: number;
  /** Of processor time since they began, over the tree; children that have ended included. */
  readonly cpuSeconds: number;
}

const NONE: Usage = { residentBytes: 0, peakBytes: 0, peaksBytes: 0, cpuSeconds: 0 };

/** `USER_HZ`, which is 100 on every Linux that Node runs on. */
const TICKS = 100;

/** Nothing, once the process has ended. */
export function usageOf(pid: number): Usage {
  const status = read(`/proc/${pid}/status`);
  const stat = read(`/proc/${pid}/stat`);
  if (status === undefined || stat === undefined) return NONE;
  // The name before it is in parentheses and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const peakBytes = kilobytes(status, "VmHWM");
  const own: Usage = {
    residentBytes: kilobytes(status, "VmRSS"),
    peakBytes,
    peaksBytes: peakBytes,
    // Its own, and that of children whose end it has seen: user and system.
    cpuSeconds: fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS,
  };
  return childrenOf(pid).map(usageOf).reduce(together, own);
}

const together = (own: Usage, child: Usage): Usage => ({
  residentBytes: own.residentBytes + child.residentBytes,
  peakBytes: own.peakBytes,
  peaksBytes: own.peaksBytes + child.peaksBytes,
  cpuSeconds: own.cpuSeconds + child.cpuSeconds,
});

/** Linux has children as those of the thread that started them. */
function childrenOf(pid: number): number[] {
  return threadsOf(pid).flatMap((thread) => {
    const children = read(`/proc/${pid}/task/${thread}/children`) ?? "";
    return children.split(" ").filter(Boolean).map(Number);
  });
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

const kilobytes = (status: string, name: string) =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? 0) * 1024;

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
