import { glueClient } from "@topline/aws-adapters/glue";
import { type Environment, regionFound } from "@topline/deployment";
import type { HarnessEndpoints } from "@topline/local-harness";

export type Glue = ReturnType<typeof glueClient>;

export function harnessGlue({ glue, region, ...keys }: HarnessEndpoints): Glue {
  const { accessKeyId, secretAccessKey } = keys;
  return glueClient({ endpoint: glue, region, credentials: { accessKeyId, secretAccessKey } });
}

/** Where it is, and who may, is what the SDK finds by itself. */
export const externalGlue = (env: Environment, configuredRegion: string | undefined): Glue =>
  glueClient(regionFound(env, "GLUE", configuredRegion));
