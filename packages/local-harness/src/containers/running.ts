import { setTimeout as delay } from "node:timers/promises";
import { type Docker, reasonOf, unavailable } from "./docker.ts";
import type { Emulator } from "./emulators.ts";
import { LABEL } from "./labels.ts";
import { aborting, inTime } from "./limits.ts";
import { LocalContainer } from "./local-container.ts";
import { logTail } from "./log-tail.ts";
import { removeContainer } from "./removal.ts";

export interface RunOptions {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The port on this machine that is asked for. */
  readonly port?: number;
  readonly signal: AbortSignal;
}

/** A container that does its work. */
export interface RunningContainer {
  readonly id: string;
  readonly endpoint: string;
  /** Resolves, with the reason, when it ended. */
  readonly lost: Promise<string>;
  /** Stops to watch for its end. */
  leave(): void;
}

/** Docker is quicker at making a container; a daemon that hangs must not hold us for ever. */
const MAKING_MS = 10_000;

/**
 * Makes and starts a container, and waits until it does its work. If it does not, it is removed.
 *
 * @throws {ToplineError} `HARNESS_UNAVAILABLE`: its port is taken, it ended, or it never became healthy;
 *   with the last of its log
 */
export async function runEmulator(
  docker: Docker,
  emulator: Emulator,
  { name, labels, port, signal }: RunOptions,
): Promise<RunningContainer> {
  const { service, image, environment, command, tmpfs } = emulator;
  const container = new LocalContainer(docker, image, emulator.port, port)
    .withName(name)
    .withEnvironment({ ...environment })
    .withCommand([...command])
    .withTmpFs({ ...tmpfs })
    .withLabels({ ...labels, [LABEL.service]: service, [LABEL.image]: image });
  const starting = container.start();
  starting.catch(() => {});
  const watch = new AbortController();
  const ended = container.created.then((id) => ending(docker, id, "next-exit", watch.signal));
  try {
    // One that ends at once would be waited for: testcontainers wants to see its ports.
    const started = await Promise.race([starting, ended.then(fail), aborting(signal)]);
    return await whenReady(docker, emulator, started.getId(), signal);
  } catch (error) {
    // Nobody would remove one that is made later.
    await inTime(MAKING_MS, Promise.race([container.created, starting])).catch(() => {});
    const id = container.createdId;
    const fault = signal.aborted
      ? signal.reason
      : await explain(docker, emulator, { id, port, error });
    if (id !== undefined) await removeContainer(docker, id);
    throw fault;
  } finally {
    watch.abort();
  }
}

/**
 * The same with a container that was kept. If it does not do its work it stays: whatever it holds is in it alone.
 *
 * @throws {ToplineError} `HARNESS_UNAVAILABLE`, also when it is on another port than is asked for
 */
export async function resumeEmulator(
  docker: Docker,
  emulator: Emulator,
  id: string,
  { port, signal }: Pick<RunOptions, "port" | "signal">,
): Promise<RunningContainer> {
  try {
    const container = docker.engine.getContainer(id);
    const { State: state } = await container.inspect();
    if (!state.Running) await container.start();
    const found = await whenReady(docker, emulator, id, signal);
    if (port === undefined || Number(new URL(found.endpoint).port) === port) return found;
    found.leave();
    throw new Error(`it is at ${found.endpoint}, but port ${port} was asked for`);
  } catch (error) {
    signal.throwIfAborted();
    const why = await explain(docker, emulator, { id, port, error });
    throw unavailable(
      `${why.message} It was kept, and whatever it holds goes with it; to begin anew, remove it with: docker rm --force --volumes ${id.slice(0, 12)}`,
      error,
    );
  }
}

async function whenReady(
  docker: Docker,
  emulator: Emulator,
  id: string,
  signal: AbortSignal,
): Promise<RunningContainer> {
  const watch = new AbortController();
  const given = new AbortController();
  const limits = AbortSignal.any([signal, given.signal]);
  const lost = ending(docker, id, "not-running", watch.signal);
  try {
    const endpoint = await endpointOf(docker, id, emulator.port, lost);
    await Promise.race([
      emulator.isReady(endpoint, limits),
      lost.then(fail),
      late(emulator.readyMs, limits),
    ]);
    return {
      id,
      endpoint,
      lost: lost.then((how) => `the ${emulator.service} container ${how}`),
      leave: () => watch.abort(),
    };
  } catch (error) {
    watch.abort();
    throw error;
  } finally {
    given.abort();
  }
}

/** Resolves, saying how, when a container has ended; never once the signal has aborted. */
async function ending(
  { engine }: Docker,
  id: string,
  condition: "next-exit" | "not-running",
  abortSignal: AbortSignal,
): Promise<string> {
  try {
    const end: unknown = await engine.getContainer(id).wait({ condition, abortSignal });
    return `ended with exit code ${(end as { readonly StatusCode: number }).StatusCode}`;
  } catch (error) {
    if (abortSignal.aborted) return new Promise<never>(() => {});
    return `can no longer be watched: it was removed, or Docker ended (${reasonOf(error)})`;
  }
}

function fail(how: string): never {
  throw new Error(`it ${how}`);
}

async function late(ms: number, signal: AbortSignal): Promise<never> {
  await delay(ms, undefined, { signal });
  throw new Error(`it did not become healthy within ${ms / 1000} s`);
}

async function endpointOf(
  { engine, host }: Docker,
  id: string,
  port: number,
  lost: Promise<string>,
): Promise<string> {
  const { NetworkSettings: settings, State: state } = await engine.getContainer(id).inspect();
  const [binding] = settings.Ports[`${port}/tcp`] ?? [];
  if (binding !== undefined) return `http://${host}:${binding.HostPort}`;
  // One that has ended has no ports any more.
  if (!state.Running) return fail(await lost);
  throw new Error(`its port ${port} is not open to this machine`);
}

interface Failure {
  readonly id: string | undefined;
  readonly port: number | undefined;
  readonly error: unknown;
}

async function explain(
  docker: Docker,
  { service, image }: Emulator,
  { id, port, error }: Failure,
): Promise<Error> {
  const reason = reasonOf(error);
  if (port !== undefined && /port is already allocated|address already in use/.test(reason)) {
    return unavailable(
      `Port ${port} is taken, so the ${service} container cannot have it. Choose another, or none for a free one.`,
      error,
    );
  }
  const output = id === undefined ? "" : await logTail(docker, id);
  const told = output === "" ? "It wrote nothing." : `It wrote: ${output}`;
  return unavailable(
    `The ${service} container (${image}) did not come up: ${reason}. ${told}`,
    error,
  );
}
