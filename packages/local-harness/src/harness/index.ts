export { type HarnessBackend, HARNESS_BACKENDS, type HarnessContainers } from "./backend.ts";
export { DEFAULT_BUCKET, type HarnessEndpoints } from "./endpoints.ts";
export { openHarness, type Harness, type OpenHarnessOptions } from "./open.ts";
