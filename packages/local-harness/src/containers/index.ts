/** The backend `containers`. What needs the package `testcontainers` is loaded when it is called for. */
import type { DaemonParts } from "../harness/daemon-process.ts";
import { findDocker } from "./docker.ts";
import { DYNAMODB_LOCAL, LOCALSTACK } from "./emulators.ts";
import { ownerOf } from "./labels.ts";
import type { StartContainersOptions, StartedContainers } from "./start.ts";

export { removalOf } from "./labels.ts";
export type { StartContainersOptions, StartedContainers } from "./start.ts";

/** Longer than Docker takes to remove two containers; past that, Ryuk does it. */
const CLOSING_MS = 10_000;

/**
 * Starts LocalStack (S3) and DynamoDB Local side by side, and waits until both do their work. Images that are
 * not there are pulled. Unless they are kept, they and their state are gone after `close`, and, should this
 * process end without it, some seconds later.
 *
 * @throws {ToplineError} `HARNESS_UNAVAILABLE`, with the reason and the remedy
 */
export async function startContainers(
  options: StartContainersOptions = {},
): Promise<StartedContainers> {
  const docker = await findDocker();
  const { startEmulators } = await import("./start.ts");
  return startEmulators(docker, { s3: LOCALSTACK, dynamodb: DYNAMODB_LOCAL }, options);
}

/** For the background process of a harness, whose state directory is the owner. */
export function containerParts({ reuse }: { readonly reuse: boolean }): DaemonParts {
  return {
    closingMs: CLOSING_MS,
    async start({ state, ...options }) {
      const owner = await ownerOf(state.path);
      return { ...(await startContainers({ ...options, owner, reuse })), wantsVersions: true };
    },
  };
}
