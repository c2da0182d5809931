import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openHarness } from "../../packages/local-harness/src/index.ts";
import type { Cloud } from "./cloud.ts";

/** Topline's own S3 server, and dynoxide. */
export async function startEmbedded(): Promise<Cloud> {
  const directory = await mkdtemp(join(tmpdir(), "topline-embedded-"));
  const harness = await openHarness({ stateDirectory: directory });
  const { s3, dynamodb, region, accessKeyId, secretAccessKey } = harness.endpoints;
  return {
    s3,
    dynamodb,
    region,
    credentials: { accessKeyId, secretAccessKey },
    command: { args: ["--state", directory], env: {} },
    async [Symbol.asyncDispose]() {
      await harness[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true, maxRetries: 20 });
    },
  };
}
