import { type LambdaServer, startLambdaServer } from "../lambda/server.ts";
import { IDENTITY } from "./endpoints.ts";
import type { RunningParts } from "./parts.ts";
import type { StateDirectory } from "./state-directory.ts";

/** The harness's Lambda, whose handlers work on its S3, its DynamoDB, its Glue, and on itself. */
export async function startLambdaOf(
  { lambda: directory }: Pick<StateDirectory, "lambda">,
  { s3, dynamodb, glue }: Pick<RunningParts, "s3" | "dynamodb"> & { readonly glue: string },
): Promise<LambdaServer> {
  let lambda = "";
  const server = await startLambdaServer({
    directory,
    endpoints: () => ({ s3, dynamodb, glue, lambda, ...IDENTITY }),
  });
  lambda = server.endpoint;
  return server;
}
