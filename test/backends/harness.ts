import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type EmbeddedDynamo,
  type HarnessBackend,
  openHarness,
} from "../../packages/local-harness/src/index.ts";
import type { Cloud } from "./cloud.ts";

/** A harness that runs for as long as the file's tests do: each command joins it. */
export async function startHarness(
  backend: HarnessBackend,
  server?: EmbeddedDynamo,
): Promise<Cloud> {
  const directory = await mkdtemp(join(tmpdir(), `topline-${backend}-`));
  const harness = await openHarness({
    stateDirectory: directory,
    backend,
    ...(server === undefined ? {} : { dynamodb: server }),
  });
  const { s3, dynamodb, glue, lambda, region, accessKeyId, secretAccessKey } = harness.endpoints;
  return {
    s3,
    dynamodb,
    glue,
    lambda,
    region,
    credentials: { accessKeyId, secretAccessKey },
    command: {
      args: ["--state", directory, "--backend", backend],
      env: server === undefined ? {} : { TOPLINE_DYNAMODB: server },
    },
    async [Symbol.asyncDispose]() {
      await harness[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true, maxRetries: 20 });
    },
  };
}
