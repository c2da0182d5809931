import process from "node:process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { patience } from "../harness/patience.ts";
import { type Docker, reasonOf, unavailable } from "./docker.ts";
import { aborting, inTime } from "./limits.ts";

export interface PullOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (message: string) => void;
  /** A pull of which nothing is heard for so long has failed; a slow one has not. */
  readonly silenceMs?: number;
}

/** With credentials, testcontainers pulls, and says nothing meanwhile. */
const UNHEARD_PULL_MS = 600_000;
const TELL_MS = 1_000;

/** The same for several at once; when one cannot be had, the others are given up. */
export async function ensureImages(
  docker: Docker,
  images: readonly string[],
  options: PullOptions,
): Promise<void> {
  const giveUp = new AbortController();
  const signal = AbortSignal.any([options.signal, giveUp.signal]);
  const { ImageName } = docker.library;
  const names = images.map((image) => ImageName.fromString(image).string);
  try {
    await Promise.all(names.map((name) => ensureImage(docker, name, { ...options, signal })));
  } finally {
    giveUp.abort();
  }
}

/**
 * Sees to it that an image is on the daemon's machine.
 * @param name as `ImageName` of testcontainers gives it, so that a mirror's prefix is in it
 * @throws {ToplineError} `HARNESS_UNAVAILABLE` when it is absent and cannot be pulled
 */
export async function ensureImage(
  docker: Docker,
  name: string,
  options: PullOptions,
): Promise<void> {
  if (await isPresent(docker, name)) return;
  const reasons: string[] = [];
  for (const pull of [pullHeard, ...(hasCredentials() ? [pullWithCredentials] : [])]) {
    try {
      await pull(docker, name, options);
      return;
    } catch (error) {
      options.signal.throwIfAborted();
      reasons.push(reasonOf(error));
    }
  }
  throw unavailable(
    `The image ${name} is not on this machine and could not be pulled: ${[...new Set(reasons)].join("; ")}. Pull it where there is a network (docker pull ${name}), bring it by docker save and docker load, or name a mirror in TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX; or use the embedded backend.`,
  );
}

async function isPresent({ engine }: Docker, name: string): Promise<boolean> {
  try {
    await engine.getImage(name).inspect();
    return true;
  } catch (error) {
    if (error instanceof Error && "statusCode" in error && error.statusCode === 404) return false;
    throw unavailable(`Docker was asked for the image ${name}: ${reasonOf(error)}`, error);
  }
}

interface PullEvent {
  readonly id?: string;
  readonly status?: string;
  readonly error?: string;
  readonly progressDetail?: { readonly current?: number };
}

async function pullHeard(
  { engine }: Docker,
  name: string,
  { signal, onProgress, silenceMs = 120_000 }: PullOptions,
): Promise<void> {
  using quiet = patience(silenceMs);
  const end = AbortSignal.any([signal, quiet.signal]);
  onProgress(`Pulling ${name}`);
  try {
    const opened = engine.pull(name, { abortSignal: end }) as Promise<Readable>;
    const stream = await Promise.race([opened, aborting(end)]);
    end.addEventListener("abort", () => stream.destroy(), { once: true });
    const layers = new Layers();
    const began = performance.now();
    let told = began;
    for await (const line of linesOf(stream)) {
      quiet.renew();
      const event = JSON.parse(line) as PullEvent;
      if (event.error !== undefined) throw new Error(event.error);
      layers.hear(event);
      const now = performance.now();
      if (now - told < TELL_MS) continue;
      told = now;
      onProgress(`Pulling ${name}: ${layers.toString()} (${((now - began) / 1000).toFixed(0)} s)`);
    }
    end.throwIfAborted();
  } catch (error) {
    if (!quiet.signal.aborted) throw error;
    throw new Error(`nothing was heard of it for ${silenceMs / 1000} s`, { cause: error });
  }
}

async function* linesOf(stream: Readable): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of stream.setEncoding("utf8")) {
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    yield* lines.filter((line) => line.trim() !== "");
  }
}

/** How much of an image has come. */
class Layers {
  readonly #bytes = new Map<string, number>();
  readonly #done = new Set<string>();

  hear({ id = "", status = "", progressDetail }: PullEvent): void {
    if (/^(?:Pull complete|Already exists)$/.test(status)) this.#done.add(id);
    if (status === "Pulling fs layer") this.#bytes.set(id, 0);
    if (status === "Downloading") this.#bytes.set(id, progressDetail?.current ?? 0);
  }

  toString(): string {
    const layers = new Set([...this.#bytes.keys(), ...this.#done]);
    const bytes = [...this.#bytes.values()].reduce((sum, count) => sum + count, 0);
    return `${this.#done.size} of ${layers.size} layers, ${(bytes / 1e6).toFixed(0)} MB`;
  }
}

/** By testcontainers, which knows where Docker keeps credentials. It does not tell failure: the image is looked for. */
async function pullWithCredentials(
  docker: Docker,
  name: string,
  { signal, onProgress }: PullOptions,
): Promise<void> {
  onProgress(`Pulling ${name} with the credentials of Docker's configuration`);
  const image = docker.library.ImageName.fromString(name);
  const pulled = docker.client.image.pull(image, { force: false, platform: undefined });
  await Promise.race([inTime(UNHEARD_PULL_MS, pulled), aborting(signal)]);
  if (!(await isPresent(docker, name))) throw new Error("it is refused to Docker's credentials");
}

function hasCredentials(): boolean {
  const { DOCKER_AUTH_CONFIG: variable, DOCKER_CONFIG: folder } = process.env;
  return (
    variable !== undefined || existsSync(join(folder ?? join(homedir(), ".docker"), "config.json"))
  );
}
