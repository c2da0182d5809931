import { resolve } from "node:path";

/** Names a folder for Spark, which many harnesses may share. */
export const GLUE_HOME = "TOPLINE_GLUE_HOME";

/** A path of the user's, whose working directory the harness does not share. */
export function glueHomeOf(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const named = env[GLUE_HOME] ?? "";
  return named === "" ? {} : { [GLUE_HOME]: resolve(named) };
}
