import { existsSync } from "node:fs";
import { connect } from "node:net";
import process from "node:process";
import { ToplineError } from "@topline/core";
import type * as testcontainers from "testcontainers";
import { inTime } from "./limits.ts";

export type Testcontainers = typeof testcontainers;

/** Docker as testcontainers found it. */
export interface Docker {
  readonly library: Testcontainers;
  readonly client: testcontainers.ContainerRuntimeClient;
  readonly engine: testcontainers.ContainerRuntimeClient["container"]["dockerode"];
  /** Where published ports are reached. */
  readonly host: string;
  /** The daemon runs on this machine, so that ports need not be open to others. */
  readonly isLocal: boolean;
}

const SOCKET = "/var/run/docker.sock";
const ANSWER_MS = 10_000;
const REMEDY =
  "Start Docker (systemctl start docker, Docker Desktop, or dockerd), see that this user may use it, and check DOCKER_HOST; or use the embedded backend, which needs no Docker.";

/**
 * Finds the Docker daemon, by testcontainers' own rules. No `docker` program is needed.
 *
 * @throws {ToplineError} `HARNESS_UNAVAILABLE`: no testcontainers, no daemon, or one that does not answer
 */
export async function findDocker(
  load: () => Promise<Testcontainers> = () => import("testcontainers"),
): Promise<Docker> {
  const library = await loadTestcontainers(load);
  await assertDaemon(process.env["DOCKER_HOST"]);
  const client = await inTime(ANSWER_MS, library.getContainerRuntimeClient()).catch(
    (error: unknown) => {
      throw unavailable(`No Docker daemon was found: ${reasonOf(error)}. ${REMEDY}`, error);
    },
  );
  const { host } = client.info.containerRuntime;
  const isLocal = host === "localhost" || host === "127.0.0.1";
  return {
    library,
    client,
    engine: client.container.dockerode,
    host: isLocal ? "127.0.0.1" : host,
    isLocal,
  };
}

async function loadTestcontainers(load: () => Promise<Testcontainers>): Promise<Testcontainers> {
  try {
    return await load();
  } catch (error) {
    const isAbsent = error instanceof Error && "code" in error && error.code === NOT_FOUND;
    throw unavailable(
      isAbsent
        ? "The containers backend needs the package testcontainers, version 12 or later, which is not installed. Install it beside Topline (npm install testcontainers), or use the embedded backend."
        : `The package testcontainers cannot be loaded: ${reasonOf(error)}. Version 12 needs Node 22.22 or later.`,
      error,
    );
  }
}

const NOT_FOUND = "ERR_MODULE_NOT_FOUND";

/**
 * testcontainers tries one place after another and tells no reasons; and if the daemon that `DOCKER_HOST`
 * names does not answer, it silently takes another. So the one that is meant is asked for first.
 */
async function assertDaemon(dockerHost: string | undefined): Promise<void> {
  const place = dockerHost ?? (existsSync(SOCKET) ? `unix://${SOCKET}` : undefined);
  const address = place === undefined ? undefined : addressOf(place);
  if (address === undefined) return;
  try {
    await inTime(ANSWER_MS, reach(address));
  } catch (error) {
    const named = dockerHost === undefined ? "" : " (named by DOCKER_HOST)";
    throw unavailable(
      `The Docker daemon at ${place}${named} does not answer: ${reasonOf(error)}. ${REMEDY}`,
      error,
    );
  }
}

type Address = { readonly path: string } | { readonly host: string; readonly port: number };

/** `undefined` for places that only testcontainers knows how to reach. */
function addressOf(place: string): Address | undefined {
  if (!URL.canParse(place)) return undefined;
  const { protocol, pathname, hostname, port } = new URL(place);
  if (protocol === "unix:") return { path: pathname };
  if (protocol === "tcp:") return { host: hostname, port: Number(port) };
  return undefined;
}

function reach(address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(address);
    socket.on("error", reject).on("connect", () => {
      socket.destroy();
      resolve();
    });
  });
}

export const reasonOf = (error: unknown) =>
  error instanceof Error ? error.message : String(error);

export function unavailable(message: string, cause?: unknown): ToplineError {
  return new ToplineError("HARNESS_UNAVAILABLE", message, { cause });
}
