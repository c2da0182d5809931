import { handlerOf } from "./handler.ts";
import { transformStep } from "./steps/transform.ts";

export type { TransformInput, TransformOutput } from "./steps/transform.ts";

// While the environment starts there is a processor to spare. What is wrong with it, the transform tells.
import("@duckdb/node-api").catch(() => undefined);

/** The run's files taken into the zone, and the KPI tables brought up to it, by DuckDB in this function. */
export const handler = handlerOf(transformStep);
