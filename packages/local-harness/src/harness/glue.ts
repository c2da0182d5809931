import { join } from "node:path";
import process from "node:process";
import { type GlueServer, startGlueServer } from "../glue/server.ts";
import { IDENTITY } from "./endpoints.ts";
import { GLUE_HOME } from "./glue-home.ts";
import type { RunningParts } from "./parts.ts";
import type { StateDirectory } from "./state-directory.ts";

/**
 * The harness's Glue, whose jobs work on its S3 and its DynamoDB. Spark is looked for, and installed, when a job
 * runs: in the state directory, or where `TOPLINE_GLUE_HOME` says, for many of them.
 */
export async function startGlueOf(
  { glue: directory }: Pick<StateDirectory, "glue">,
  { s3, dynamodb }: Pick<RunningParts, "s3" | "dynamodb">,
): Promise<GlueServer> {
  const home = process.env[GLUE_HOME] ?? "";
  let glue = "";
  const server = await startGlueServer({
    directory,
    async loadExecute() {
      const { executeBySpark } = await import("../glue/spark/execute.ts");
      return executeBySpark({
        home: home === "" ? join(directory, "environment") : home,
        endpoints: () => ({ s3, dynamodb, glue, ...IDENTITY }),
      });
    },
  });
  glue = server.endpoint;
  return server;
}
