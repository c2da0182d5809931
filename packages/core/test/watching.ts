import {
  type PipelineContext,
  type RunReport,
  ToplineError,
  watch,
  type WatchOptions,
  type WatchState,
} from "@topline/core";
import { onTestFinished } from "vitest";
import { contextOf, SONGS, STREAMS, USERS, type World } from "./world.ts";

/** A watch over a world in memory, on a clock that tests move. */

export const FILES = { "songs.csv": SONGS, "users.csv": USERS, "streams/a.csv": STREAMS };
export const LATE = "user_id,track_id,listen_time\nu9,t2,2024-06-26 01:00:00\n";
export const TABLES = ["2024-06-25 pop 2", "2024-06-26 rock 1"];
export const INTERVAL = 3_000;
export const BACKOFF = 5_000;
export const IDLE: WatchState = { status: "idle", ignored: [] };

/** Everything here ends in microtasks, or sleeps on the virtual clock: after this, all of it has. */
export const quiet = () => new Promise<void>((resolve) => void setImmediate(resolve));

export interface Watching {
  readonly reports: RunReport[];
  readonly states: WatchState[];
  /** How often the inbox was listed. */
  readonly looks: () => number;
  readonly over: Promise<void>;
  stop(): Promise<void>;
}

/** A watch that has had its first look. */
export async function watching(
  world: World,
  options: Partial<PipelineContext> = {},
  settings: Partial<WatchOptions> = {},
): Promise<Watching> {
  const reports: RunReport[] = [];
  const states: WatchState[] = [];
  const stop = new AbortController();
  let runs = 0;
  let looks = 0;
  const store: World["store"] = {
    ...world.store,
    list(prefix, options) {
      if (prefix === "raw-data/") looks++;
      return world.store.list(prefix, options);
    },
  };
  const context = contextOf({ ...world, store }, { signal: stop.signal, ...options });
  const over = watch(context, {
    intervalMs: INTERVAL,
    backoffMs: BACKOFF,
    longestBackoffMs: 8 * BACKOFF,
    random: () => 0.5,
    newRunId: () => `${settings.newRunId?.() ?? "r"}${++runs}`,
    onReport: (report) => void reports.push(report),
    onState: (state) => void states.push(state),
    ...(settings.onStep === undefined ? {} : { onStep: settings.onStep }),
  });
  const end = async () => {
    stop.abort();
    await over;
  };
  onTestFinished(end);
  await quiet();
  return { reports, states, looks: () => looks, over, stop: end };
}

/** Lets `ms` go by, one look after the other. */
export async function pass(world: World, ms: number): Promise<void> {
  for (let gone = 0; gone < ms; gone += INTERVAL) {
    world.clock.advance(INTERVAL);
    await quiet();
  }
}

export const statuses = ({ reports }: Watching) => reports.map(({ status }) => status);
export const last = ({ states }: Watching) => states.at(-1);

export const unavailable = () =>
  Promise.reject(new ToplineError("STORE_UNAVAILABLE", "Throttled."));

/** Publishing fails for as long as `isDown` holds. */
export function flaky(
  world: World,
  isDown: () => boolean,
  fail: () => Promise<never> = unavailable,
): World {
  const { kpis } = world;
  return {
    ...world,
    kpis: { ...kpis, publish: (...args) => (isDown() ? fail() : kpis.publish(...args)) },
  };
}
