import { connect, type Socket } from "node:net";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import type { Claim } from "./claim.ts";
import { type Docker, reasonOf, unavailable } from "./docker.ts";
import { LABEL } from "./labels.ts";
import { LocalContainer } from "./local-container.ts";
import { removeContainer } from "./removal.ts";

/** Removes containers once this process has gone, however it ended. */
export interface Reaper {
  /** For when there is nothing left to remove. */
  close(): Promise<void>;
}

const PORT = 8080;
const CONNECTING_MS = 10_000;

/** testcontainers' own choice for version 12.2, or the user's. */
export const ryukImage = () => process.env["RYUK_CONTAINER_IMAGE"] ?? "testcontainers/ryuk:0.14.0";

export const isReaperWanted = () => process.env["TESTCONTAINERS_RYUK_DISABLED"] !== "true";

/**
 * Starts Ryuk (https://github.com/testcontainers/moby-ryuk): a container that removes what bears a label
 * when nobody has been connected to it for a while. It is one of our own. The one that testcontainers
 * starts is shared by all that use testcontainers on the machine at a time, and removes nothing before the
 * last of them has gone.
 *
 * @throws {ToplineError} `HARNESS_UNAVAILABLE`
 */
export async function startReaper(
  docker: Docker,
  { session, labels, suffix }: Claim,
): Promise<Reaper> {
  const image = ryukImage();
  // By its name testcontainers knows the reaper, which Docker removes as soon as it ends.
  process.env["RYUK_CONTAINER_IMAGE"] = image;
  const { remoteSocketPath } = docker.client.info.containerRuntime;
  const container = new LocalContainer(docker, image, PORT)
    .withName(`topline-ryuk-${suffix}`)
    .withBindMounts([{ source: remoteSocketPath, target: SOCKET }])
    // Nobody else is to take it for a reaper that may be shared: it ends with its session.
    .withLabels({ ...labels, [LABEL.reaps]: session, "org.testcontainers.ryuk": "false" })
    .withEnvironment(settings());
  if (process.env["TESTCONTAINERS_RYUK_PRIVILEGED"] === "true") container.withPrivilegedMode();
  const remove = async () => {
    if (container.createdId !== undefined) await removeContainer(docker, container.createdId);
  };
  try {
    const started = await container.start();
    const socket = await introduce(
      docker.host,
      started.getMappedPort(PORT),
      `${LABEL.session}=${session}`,
    );
    return {
      async close() {
        socket.destroy();
        await remove();
      },
    };
  } catch (error) {
    await remove().catch(() => {});
    throw unavailable(
      `Ryuk (${image}), which removes the containers should Topline be killed, did not start: ${reasonOf(error)}. Set TESTCONTAINERS_RYUK_DISABLED=true to go without it; what a killed harness leaves is then removed by the next one of its state directory.`,
      error,
    );
  }
}

const SOCKET = "/var/run/docker.sock";

function settings(): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const name of ["RYUK_RECONNECTION_TIMEOUT", "RYUK_VERBOSE"]) {
    const value = process.env[`TESTCONTAINERS_${name}`];
    if (value !== undefined) settings[name] = value;
  }
  return settings;
}

/** Until Ryuk listens, connections break, or are taken and dropped by Docker's proxy: so its answer counts. */
async function introduce(host: string, port: number, filter: string): Promise<Socket> {
  const deadline = performance.now() + CONNECTING_MS;
  while (performance.now() < deadline) {
    const socket = await tryToIntroduce(host, port, filter);
    if (socket !== undefined) return socket;
    await delay(50);
  }
  throw new Error(`it did not answer on ${host}:${port} within ${CONNECTING_MS / 1000} s`);
}

function tryToIntroduce(host: string, port: number, filter: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.setTimeout(CONNECTING_MS, () => socket.destroy());
    socket.on("error", () => {}).on("close", () => resolve(undefined));
    socket.on("connect", () => socket.write(`label=${filter}\n`));
    socket.once("data", () => {
      socket.setTimeout(0);
      // A process that has nothing else to do may end.
      resolve(socket.unref().resume());
    });
  });
}
