import { glueClient } from "@topline/aws-adapters/glue";
import type { HarnessEndpoints } from "@topline/local-harness";
import type { Terminal } from "../terminal.ts";

export type Glue = ReturnType<typeof glueClient>;

export function harnessGlue({ glue, region, ...keys }: HarnessEndpoints): Glue {
  const { accessKeyId, secretAccessKey } = keys;
  return glueClient({ endpoint: glue, region, credentials: { accessKeyId, secretAccessKey } });
}

/** Where it is, and who may, is what the SDK finds by itself. */
export function externalGlue({ env }: Terminal, configuredRegion: string | undefined): Glue {
  const named = [configuredRegion, env["AWS_REGION"], env["AWS_DEFAULT_REGION"]];
  const region = named.find((name) => name !== undefined && name !== "");
  const hasEndpoint = ["AWS_ENDPOINT_URL_GLUE", "AWS_ENDPOINT_URL"].some(
    (name) => (env[name] ?? "") !== "",
  );
  if (region !== undefined) return glueClient({ region });
  // Elsewhere than on AWS a region is but a word in the signature.
  return glueClient(hasEndpoint ? { region: "us-east-1" } : {});
}
