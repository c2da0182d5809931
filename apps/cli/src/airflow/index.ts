import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { ToplineError } from "@topline/core";
import type { HarnessEndpoints } from "@topline/local-harness";
import type { LoadedConfig } from "@topline/deployment";
import type { Terminal } from "../terminal.ts";
import {
  type AirflowCommand,
  type CommandOptions,
  COMPONENTS,
  startCommand,
  stopCommands,
} from "./components.ts";
import { airflowEnvironment } from "./environment.ts";
import { untilReady } from "./ready.ts";
import { addressOf, airflowVariables } from "./variables.ts";

/** Airflow on this machine, with Topline's DAG at work on a harness. */
export interface LocalAirflow extends AsyncDisposable {
  /** Of its pages and its API. */
  readonly address: string;
  /** Of its processes and tasks. */
  readonly logs: string;
  /** Resolves with the reason when one of its processes ends by itself. */
  readonly lost: Promise<ToplineError>;
}

export interface AirflowWishes {
  /** Of its pages and its API; otherwise any that is free. */
  readonly port: number | undefined;
  /** Hears what takes long. */
  readonly telling: (what: string) => void;
}

export interface AirflowOptions extends AirflowWishes {
  readonly endpoints: HarnessEndpoints;
  readonly config: LoadedConfig;
  /** Of the state, in which Airflow's own is kept. */
  readonly directory: string;
  readonly terminal: Terminal;
  /** Gives up. */
  readonly signal: AbortSignal;
}

/** Names a folder for Airflow's programs, which many states may share. */
const SHARED = "TOPLINE_AIRFLOW_HOME";

const MIGRATE_MS = 180_000;
const START_MS = 180_000;

/** @throws {ToplineError} `ENGINE_UNAVAILABLE` where it cannot run, or does not come up */
export async function startAirflow(options: AirflowOptions): Promise<LocalAirflow> {
  const { directory, terminal, signal, telling } = options;
  const home = join(directory, "airflow");
  const logs = join(home, "logs");
  await mkdir(logs, { recursive: true });
  const shared = terminal.env[SHARED] ?? "";
  const environment = shared === "" ? join(home, "environment") : shared;
  const programs = await airflowEnvironment(environment, telling);
  signal.throwIfAborted();

  const port = options.port ?? (await freePort());
  const env = airflowVariables({ ...options, home, port, programs }, terminal.env);
  const program = join(programs, "airflow");
  telling("Airflow is coming up: its database is made ready");
  const how = { program, env, home };
  await migrate(how, signal);

  await using held = new AsyncDisposableStack();
  const components = COMPONENTS.map((name) => startCommand([name], how));
  held.defer(() => stopCommands(components));
  const address = addressOf(port);
  let isWanted = true;
  held.defer(() => void (isWanted = false));
  const lost = Promise.race(components.map(lossOf)).then((fault) =>
    isWanted ? fault : new Promise<ToplineError>(() => {}),
  );
  await comingUp({ address, lost, logs, signal, telling });
  const kept = held.move();
  return { address, logs, lost, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function migrate(how: CommandOptions, signal: AbortSignal): Promise<void> {
  const { group, log } = startCommand(["db", "migrate"], how);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(MIGRATE_MS)]);
  const end = () => group.signal("KILL");
  limit.addEventListener("abort", end, { once: true });
  const manner = await group.ended;
  limit.removeEventListener("abort", end);
  signal.throwIfAborted();
  if (manner === "exit code 0") return;
  throw unavailable(
    `Airflow's database in ${how.home} could not be made ready (${manner}). Its log: ${log}`,
  );
}

async function lossOf({ name, group, log }: AirflowCommand): Promise<ToplineError> {
  const manner = await group.ended;
  return unavailable(`Airflow's ${name} has ended (${manner}). Its log: ${log}`);
}

type Coming = Pick<LocalAirflow, "address" | "lost" | "logs"> &
  Pick<AirflowOptions, "signal" | "telling">;

async function comingUp({ address, lost, logs, signal, telling }: Coming): Promise<void> {
  const given = new AbortController();
  void lost.then((fault) => given.abort(fault));
  const late = AbortSignal.timeout(START_MS);
  try {
    await untilReady(address, AbortSignal.any([signal, given.signal, late]), telling);
  } catch (error) {
    if (given.signal.aborted) throw given.signal.reason;
    if (!late.aborted || signal.aborted) throw error;
    throw unavailable(
      `Airflow did not come up within ${START_MS / 1_000} s. What its processes said is in ${logs}.`,
      error,
    );
  }
}

/** One that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("No port was given.");
  return address.port;
}

const unavailable = (message: string, cause?: unknown) =>
  new ToplineError("ENGINE_UNAVAILABLE", message, cause === undefined ? {} : { cause });
