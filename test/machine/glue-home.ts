import { fileURLToPath } from "node:url";

/** Where the suites keep Spark as the embedded Glue installs it: once for all of them. */
export const GLUE_HOME = fileURLToPath(
  new URL("../../node_modules/.cache/topline/glue/", import.meta.url),
);
