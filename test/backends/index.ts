import { afterAll, beforeAll, inject } from "vitest";
import { describeNeeding, type Paths } from "../needs.ts";
import type { Need } from "../machine/need.ts";
import type { Cloud } from "./cloud.ts";
import { startHarness } from "./harness.ts";
import { startMoto } from "./moto.ts";
import { type BackendRow, ROWS } from "./rows.ts";

export type { Cloud } from "./cloud.ts";
export type { BackendRow } from "./rows.ts";

const BACKENDS: readonly {
  readonly row: BackendRow;
  readonly start: (paths: Paths<Need>) => Promise<Cloud>;
}[] = [
  { row: ROWS.embedded, start: () => startHarness("embedded") },
  { row: ROWS.dynamodbLocal, start: () => startHarness("embedded", "dynamodb-local") },
  { row: ROWS.containers, start: () => startHarness("containers") },
  { row: ROWS.moto, start: startMoto },
];

declare module "vitest" {
  interface ProvidedContext {
    /** The names of the rows that a run is about; all where it says nothing. */
    readonly backends?: readonly string[];
  }
}

/** Containers come up, and may have to be made first. */
const START_MS = 180_000;

/**
 * Registers a suite on every backend that the run and the suite are about. `cloud` gives the one that runs for this file, to hooks and tests only.
 */
export function describeOnBackends(
  suite: string,
  register: (backend: BackendRow, cloud: () => Cloud) => void,
): void {
  const chosen = inject("backends");
  for (const { row, start } of BACKENDS) {
    if (chosen?.includes(row.name) === false || row.suites?.includes(suite) === false) continue;
    describeNeeding(row.needs, `${suite} on ${row.name}`, (paths) => {
      let running: Cloud | undefined;
      beforeAll(async () => {
        running = await start(paths);
      }, START_MS);
      afterAll(() => running?.[Symbol.asyncDispose]());
      register(row, () => {
        if (running === undefined) throw new Error(`${row.name} has not been started.`);
        return running;
      });
    });
  }
}
