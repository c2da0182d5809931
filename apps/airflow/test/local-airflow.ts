import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { type HarnessEndpoints, openHarness } from "../../../packages/local-harness/src/index.ts";
import { expect, vi } from "vitest";
import { equipped } from "../../../test/machine/equipped.ts";
import { type OpenBucket, openBucket } from "../../cli/test/bucket.ts";
import { newState, type Running, type TestState } from "../../cli/test/topline.ts";

/** `topline up --airflow` with a state of its own, and Airflow's API as a person's browser uses it. */

const SHARED = fileURLToPath(
  new URL("../../../node_modules/.cache/topline/airflow/", import.meta.url),
);
const DAG = "/api/v2/dags/topline";
/** Two busy cores, four processes of Python, and with Spark two attempts of a job. */
export const PATIENCE = { timeout: 600_000, interval: 500 };

export interface DagRun {
  readonly dag_run_id: string;
  readonly run_type: string;
  readonly state: "queued" | "running" | "success" | "failed";
}

export interface Task {
  readonly state: string | null;
  /** How often it was tried. */
  readonly try_number: number;
}

export interface LocalAirflow extends AsyncDisposable {
  readonly state: TestState;
  readonly endpoints: HarnessEndpoints;
  readonly bucket: OpenBucket;
  readonly command: Running;
  readonly address: string;
  ask<T>(path: string, method?: string, body?: unknown): Promise<T>;
  /** Resolves with all runs, oldest first, once they are as `expected` says, which throws else, and none is open. */
  untilOver(expected: (runs: readonly DagRun[]) => unknown): Promise<DagRun[]>;
  /** Resolves once a task of the newest run is tried for the so manieth time. */
  untilTried(task: string, attempt: number): Promise<void>;
  tasks(run: DagRun): Promise<Readonly<Record<string, Task>>>;
  /** What a try of a task has written. */
  log(run: DagRun, task: string, attempt?: number): Promise<string>;
  pause(isPaused: boolean): Promise<void>;
  /** What a person does when a run has failed and its reason is mended. */
  clear(run: DagRun): Promise<void>;
}

export const PACE = {
  AIRFLOW__TOPLINE__POLL_SECONDS: "1",
  AIRFLOW__TOPLINE__RETRY_DELAY_SECONDS: "1",
  AIRFLOW__TOPLINE__MAX_RETRY_DELAY_SECONDS: "2",
  AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL: "2",
};

/** A state whose commands find what Airflow needs. */
export function airflowState(env: Readonly<Record<string, string>> = {}): Promise<TestState> {
  return newState({ ...equipped(), TOPLINE_AIRFLOW_HOME: SHARED, ...PACE, ...env });
}

/** Starts it in a state, where it may have run before; it is ready then. */
export async function upIn(state: TestState): Promise<LocalAirflow> {
  await using held = new AsyncDisposableStack();
  const port = await freePort();
  const command = state.start("up", "--airflow", "--airflow-port", String(port), "--json");
  held.defer(async () => {
    command.kill("SIGINT");
    await command.finished;
  });
  await command.said('"airflow"');
  const { endpoints } = held.use(await openHarness({ stateDirectory: state.directory }));
  const bucket = held.use(await openBucket(state));
  const address = `http://127.0.0.1:${port}`;
  const api = await apiAt(address);
  const kept = held.move();
  return {
    state,
    endpoints,
    bucket,
    command,
    address,
    ...api,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Of the run of Topline's that began last. */
export async function newestRunId(state: TestState): Promise<string> {
  const { runs } = (await state.topline("status", "--json")).json<{
    runs: { run_id: string }[];
  }>();
  return runs[0]?.run_id ?? expect.fail("no run of Topline's");
}

type Api = Pick<
  LocalAirflow,
  "ask" | "untilOver" | "untilTried" | "tasks" | "log" | "pause" | "clear"
>;

async function apiAt(address: string): Promise<Api> {
  const { access_token: token } = (await (await fetch(`${address}/auth/token`)).json()) as {
    access_token: string;
  };
  const ask = async <T>(path: string, method = "GET", body?: unknown): Promise<T> => {
    const response = await fetch(`${address}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) expect.fail(`${method} ${path} → ${response.status}: ${text}`);
    return JSON.parse(text) as T;
  };
  const runs = async () => {
    const path = `${DAG}/dagRuns?order_by=run_after&limit=100`;
    return (await ask<{ dag_runs: DagRun[] }>(path)).dag_runs;
  };
  const pathOf = (run: DagRun) => `${DAG}/dagRuns/${encodeURIComponent(run.dag_run_id)}`;
  const tasks = async (run: DagRun): Promise<Readonly<Record<string, Task>>> => {
    const path = `${pathOf(run)}/taskInstances`;
    const { task_instances: found } = await ask<{
      task_instances: (Task & { task_id: string })[];
    }>(path);
    return Object.fromEntries(
      found.map(({ task_id, state, try_number }) => [task_id, { state, try_number }]),
    );
  };
  return {
    ask,
    untilOver: (expected) =>
      vi.waitFor(async () => {
        const found = await runs();
        await expected(found);
        const open = found.filter(({ state }) => state === "queued" || state === "running");
        const underWay = open.map(async (run) => [run.dag_run_id, await tasks(run)]);
        expect(await Promise.all(underWay)).toEqual([]);
        return found;
      }, PATIENCE),
    untilTried: (task, attempt) =>
      vi.waitFor(async () => {
        const newest = (await runs()).at(-1);
        const found = newest === undefined ? {} : await tasks(newest);
        expect(found[task]?.try_number).toBeGreaterThanOrEqual(attempt);
      }, PATIENCE),
    tasks,
    async log(run, task, attempt = 1) {
      const path = `${pathOf(run)}/taskInstances/${task}/logs/${attempt}?full_content=true`;
      return JSON.stringify(await ask(path));
    },
    async pause(isPaused) {
      await ask(DAG, "PATCH", { is_paused: isPaused });
    },
    async clear(run) {
      const what = { dry_run: false, dag_run_id: run.dag_run_id, only_failed: true };
      await ask(`${DAG}/clearTaskInstances`, "POST", what);
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("No port was given.");
  return address.port;
}
