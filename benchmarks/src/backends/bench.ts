import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HARNESS_BACKENDS, type HarnessBackend } from "@topline/local-harness";
import { type Finding, probe } from "@topline/local-harness/machine";
import { type Machine, thisMachine } from "../machine.ts";
import { type Spread, spreadOf } from "../measure/statistics.ts";
import { type Measured, measureOnce } from "./round.ts";

export interface BackendResult {
  readonly backend: HarnessBackend;
  /** Until `openHarness` resolved. */
  readonly open_seconds: Spread;
  /** Until the first PutObject and the first CreateTable were answered as well. */
  readonly usable_seconds: Spread;
  readonly resting_bytes: Spread;
  /** The most of any round. */
  readonly peak_bytes: number;
  readonly stop_seconds: Spread;
}

export interface BackendsBenchmark {
  readonly measured_at: string;
  readonly machine: Machine;
  readonly rounds: number;
  readonly results: readonly BackendResult[];
  readonly skipped: readonly { readonly backend: HarnessBackend; readonly reason: string }[];
}

export interface BackendsOptions {
  readonly rounds: number;
  readonly backends?: readonly HarnessBackend[];
  /** Between the first calls and the look at memory. */
  readonly restMs?: number;
  readonly tell: (message: string) => void;
  /** Looks for Docker; tests find none. */
  readonly lookForDocker?: () => Promise<Pick<Finding, "found" | "path" | "remedy">>;
}

const REST_MS = 2_000;

/** Every backend in turn, round by round, each time from nothing to nothing. */
export async function benchBackends(options: BackendsOptions): Promise<BackendsBenchmark> {
  const { rounds, backends = HARNESS_BACKENDS, restMs = REST_MS, tell } = options;
  const { lookForDocker = () => probe("docker") } = options;
  const machine = thisMachine();
  const docker = backends.includes("containers") ? await lookForDocker() : undefined;
  const reason =
    docker === undefined || docker.found ? undefined : (docker.remedy ?? "There is no Docker.");
  const [run, skipped] = reason === undefined ? [backends, []] : withoutContainers(backends);
  for (const backend of skipped) tell(`SKIPPED: ${backend}. ${reason}`);

  const measured = new Map<HarnessBackend, Measured[]>(run.map((backend) => [backend, []]));
  const parent = await mkdtemp(join(tmpdir(), "topline-backends-"));
  try {
    for (let round = 0; round < rounds; round++) {
      for (const backend of round % 2 === 0 ? run : run.toReversed()) {
        const path = backend === "containers" ? (docker?.path ?? undefined) : undefined;
        const one = await measureOnce({ backend, docker: path, parent, restMs });
        tell(`Round ${round + 1}, ${backend}: usable after ${one.usableSeconds.toFixed(2)} s`);
        measured.get(backend)?.push(one);
      }
    }
  } finally {
    await rm(parent, { recursive: true, force: true, maxRetries: 20 });
  }
  return {
    measured_at: new Date().toISOString(),
    machine,
    rounds,
    results: run.map((backend) => backendResult(backend, measured.get(backend) ?? [])),
    skipped: skipped.map((backend) => ({ backend, reason: reason ?? "" })),
  };
}

/** @param lives at least one */
export function backendResult(backend: HarnessBackend, lives: readonly Measured[]): BackendResult {
  const spread = (of: (life: Measured) => number) => spreadOf(lives.map(of));
  return {
    backend,
    open_seconds: spread(({ openSeconds }) => openSeconds),
    usable_seconds: spread(({ usableSeconds }) => usableSeconds),
    resting_bytes: spread(({ restingBytes }) => restingBytes),
    peak_bytes: spread(({ peakBytes }) => peakBytes).max,
    stop_seconds: spread(({ stopSeconds }) => stopSeconds),
  };
}

function withoutContainers(backends: readonly HarnessBackend[]) {
  const isContainers = (backend: HarnessBackend) => backend === "containers";
  return [backends.filter((one) => !isContainers(one)), backends.filter(isContainers)] as const;
}
