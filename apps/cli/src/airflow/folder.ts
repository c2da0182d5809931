import { createRequire } from "node:module";
import { dirname } from "node:path";

/** Where the DAG, its plugins and the lock of Airflow are. */
export const airflowFolder = (): string =>
  dirname(createRequire(import.meta.url).resolve("@topline/airflow/package.json"));
