/** Glue on this machine: an endpoint of its API that runs Spark jobs. */
export { executeBySpark, type SparkOptions } from "./spark/execute.ts";
export { type GlueServer, type GlueServerOptions, startGlueServer } from "./server.ts";
