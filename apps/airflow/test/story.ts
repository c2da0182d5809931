import { expect } from "vitest";
import { emptyModel } from "../../../test/model/model.ts";
import { type MachineProcess, processes } from "../../../test/processes.ts";
import {
  datesOf,
  dropsOf,
  expectedTables,
  type Files,
  publishedDates,
  sample,
  tablesOf,
} from "../../cli/test/inbox.ts";
import type { TestState } from "../../cli/test/topline.ts";
import { airflowState, type DagRun, type LocalAirflow, upIn } from "./local-airflow.ts";

/** What is dropped into the inbox of a local Airflow, run after run, and what its tables must show for that. */

export interface Story extends AsyncDisposable {
  readonly state: TestState;
  readonly airflow: LocalAirflow;
  drop(files: Files): Promise<void>;
  /** All runs, oldest first, once one more than before is over, and no other has begun. */
  over(): Promise<DagRun[]>;
  /** The newest of them. */
  next(): Promise<DagRun>;
  /** The tables show these too, as one intake, and the inbox is empty. */
  expectTakenIn(files: Files): Promise<void>;
}

export async function openStory(env: Readonly<Record<string, string>> = {}): Promise<Story> {
  await using held = new AsyncDisposableStack();
  const state = held.use(await airflowState(env));
  const airflow = held.use(await upIn(state));
  const model = emptyModel();
  let intake = 0n;
  let runs = 0;
  const over = () => {
    runs += 1;
    return airflow.untilOver(runs);
  };
  const kept = held.move();
  return {
    state,
    airflow,
    async drop(files) {
      for (const [name, content] of Object.entries(files)) {
        await airflow.bucket.put(`raw-data/${name}`, content);
      }
    },
    over,
    next: async () => (await over()).at(-1) ?? expect.fail("no run"),
    async expectTakenIn(files) {
      model.run({ intake: ++intake, files: dropsOf(files) });
      expect(await publishedDates(state)).toEqual(datesOf(model));
      expect(await tablesOf(state, datesOf(model))).toEqual(expectedTables(model));
      expect(await airflow.bucket.keys("raw-data/")).toEqual([]);
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Those that work in the state's directory. */
export const processesIn = async ({ directory }: TestState): Promise<MachineProcess[]> =>
  (await processes()).filter(({ folder }) => folder.startsWith(directory));

/** One of the three files of the real day. */
export const stream = (n: number): Files => ({
  [`streams/streams${n}.csv`]: sample(`streams/streams${n}.csv`),
});
