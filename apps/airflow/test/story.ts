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
  /** The one that is at work. */
  readonly airflow: LocalAirflow;
  /** Another, in the same state, once the command of the one before has ended. */
  startAgain(): Promise<void>;
  drop(files: Files): Promise<void>;
  /** All runs, oldest first, once one more than before is over, and no other has begun. */
  over(): Promise<DagRun[]>;
  /** The newest of them. */
  next(): Promise<DagRun>;
  /**
   * The one run that took in what was dropped, once none is open. Others may have found nothing to do: the watcher
   * tells of each file it sees, and tells again when it was killed before it had noted what it told of.
   */
  nextTakingIn(): Promise<DagRun>;
  /** The tables show these too, as one intake, and the inbox is empty. */
  expectTakenIn(files: Files): Promise<void>;
}

export async function openStory(env: Readonly<Record<string, string>> = {}): Promise<Story> {
  await using held = new AsyncDisposableStack();
  const state = held.use(await airflowState(env));
  let airflow = await upIn(state);
  held.defer(() => airflow[Symbol.asyncDispose]());
  const model = emptyModel();
  let intake = 0n;
  let runs = 0;
  const over = async () => {
    const count = runs + 1;
    const found = await airflow.untilOver((all) => expect(all).toHaveLength(count));
    runs = count;
    return found;
  };
  const archiving = async (run: DagRun) => (await airflow.tasks(run))["archive"]?.state;
  const kept = held.move();
  return {
    state,
    get airflow() {
      return airflow;
    },
    async startAgain() {
      await airflow[Symbol.asyncDispose]();
      airflow = await upIn(state);
    },
    async drop(files) {
      for (const [name, content] of Object.entries(files)) {
        await airflow.bucket.put(`raw-data/${name}`, content);
      }
    },
    over,
    next: async () => (await over()).at(-1) ?? expect.fail("no run"),
    async nextTakingIn() {
      const all = await airflow.untilOver(async (found) => {
        const states = await Promise.all(found.slice(runs).map(archiving));
        // One that fails is no success that is still to come.
        if (found.every(({ state: one }) => one !== "failed")) expect(states).toContain("success");
      });
      const fresh = all.slice(runs);
      runs = all.length;
      const states = await Promise.all(fresh.map(archiving));
      expect(fresh.map(({ state: one }) => one)).toEqual(fresh.map(() => "success"));
      expect(states.filter((one) => one !== "skipped")).toEqual(["success"]);
      return fresh[states.indexOf("success")] ?? expect.fail("no run");
    },
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
