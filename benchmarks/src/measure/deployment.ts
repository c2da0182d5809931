import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { dynamoClient, dynamoKpiStore } from "@topline/aws-adapters/dynamodb";
import { s3Client, s3ObjectStore } from "@topline/aws-adapters/s3";
import type { KpiStore, ObjectStore } from "@topline/core";
import { openHarness } from "@topline/local-harness";
import { harnessProcess } from "./harness.ts";
import { type Finished, runMeasured } from "./process.ts";

const COMMAND = fileURLToPath(new URL("../../../apps/cli/src/main.ts", import.meta.url));

/** A deployment on the embedded backend, with a harness that stays up between commands. */
export interface Deployment extends AsyncDisposable {
  readonly store: ObjectStore;
  readonly kpis: KpiStore;
  /** `topline …`, a process of its own. @throws {Error} unless it exits with 0 */
  topline(...args: readonly string[]): Promise<Finished>;
  /** Another script as a process of its own, with the harness watched beside it. @throws {Error} unless it exits with 0 */
  script(path: string, ...args: readonly string[]): Promise<Finished>;
}

/** @param folder where its state lies; processes that name the same share the harness */
export async function openDeployment(folder: string): Promise<Deployment> {
  const state = join(folder, "state");
  await using held = new AsyncDisposableStack();
  const { endpoints } = held.use(await openHarness({ stateDirectory: state }));
  const { s3: endpoint, dynamodb, bucket, region, ...credentials } = endpoints;
  const client = s3Client({ region, credentials, endpoint, forcePathStyle: true });
  held.defer(() => client.destroy());
  const dynamo = dynamoClient({ region, credentials, endpoint: dynamodb });
  held.defer(() => dynamo.destroy());
  const kept = held.move();
  const script = async (...args: readonly string[]) =>
    runMeasured(args, await harnessProcess(state));
  return {
    store: s3ObjectStore({ client, bucket }),
    kpis: dynamoKpiStore({ client: dynamo, prefix: "" }),
    script,
    topline: (...args) => script(COMMAND, "--state", state, ...args),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
