import { ToplineError, type Zone, type ZoneActions } from "@topline/core";
import { memoryObjectStore } from "@topline/core/memory";
import { deltaZone } from "@topline/delta-log";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { faultyStore, type PutFault } from "./faulty-store.ts";
import { fileOf, infoOf, pathsOf } from "./zone-fixture.ts";

/** What a writer does: appends so many files, or puts one file in the place of all that are live. */
type Task = { readonly append: number } | "compact";

const tasks = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ append: fc.nat({ max: 3 }) }) },
    { weight: 1, arbitrary: fc.constant("compact" as const) },
  ),
  { maxLength: 5 },
);

const faults = fc.array(
  fc.constantFrom<PutFault>(undefined, undefined, "answer lost", "not put", "own found"),
  { maxLength: 12 },
);

/** Does a task as a step does: repeated after a fault that passes, and not again once its run is in the log. */
async function perform(zone: Zone, runId: string, task: Task): Promise<void> {
  for (;;) {
    try {
      await zone.commit("streams", {
        info: infoOf(runId),
        fence: 7n,
        since: -1,
        decide(latest, commits) {
          if (commits.some(({ info }) => info?.runId === runId)) return undefined;
          const stem = `${runId}-${latest.version + 1}`;
          if (task === "compact") {
            return { add: [fileOf(stem)], remove: latest.files, dataChange: false };
          }
          const add = Array.from({ length: task.append }, (_, at) => fileOf(`${stem}-${at}`));
          return { add, remove: [], dataChange: true };
        },
      });
      return;
    } catch (error) {
      if (!ToplineError.is(error, "STORE_UNAVAILABLE")) throw error;
    }
  }
}

test("two writers in any order of calls, with answers lost, lose nothing and do nothing twice", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), tasks, tasks, faults, async (s, first, second, faults) => {
      const inner = memoryObjectStore();
      const left = [...faults];
      const writer = async (name: string, work: readonly Task[]) => {
        const turn = (call: string) => s.schedule(Promise.resolve(), `${name}: ${call}`);
        const zone = deltaZone({ store: faultyStore(inner, () => left.shift(), turn) });
        for (const [at, task] of work.entries()) await perform(zone, `${name}${at}`, task);
      };
      await s.waitFor(Promise.all([writer("x", first), writer("y", second)]));

      const zone = deltaZone({ store: inner });
      const { version } = await zone.snapshot("streams");
      const commits = await zone.commits("streams", -1, version);
      const runs = [...first.map((_, at) => `x${at}`), ...second.map((_, at) => `y${at}`)];
      expect(commits.map(({ info }) => info?.runId ?? "").sort()).toEqual(runs.sort());

      const task = (runId = "") => (runId.startsWith("x") ? first : second)[Number(runId.slice(1))];
      let live: string[] = [];
      for (const commit of commits) {
        const asked = task(commit.info?.runId);
        const stem = `${commit.info?.runId}-${commit.version}`;
        if (asked === "compact") live = [fileOf(stem).path];
        else
          for (let at = 0; at < (asked?.append ?? 0); at++) live.push(fileOf(`${stem}-${at}`).path);
        const { files } = await zone.snapshot("streams", commit.version);
        expect(pathsOf(files)).toEqual(live.toSorted());
      }
    }),
    { numRuns: 60 },
  );
});

test("every version of any sequence of commits is what a plain list of files would be", async () => {
  const step = fc.record({
    add: fc.nat({ max: 3 }),
    remove: fc.array(fc.nat({ max: 20 }), { maxLength: 3 }),
    fence: fc.nat({ max: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const store = memoryObjectStore();
      const zone = deltaZone({ store });
      const model: { readonly live: string[]; readonly fence: bigint }[] = [];
      for (const { add, remove, fence } of steps) {
        const before = model.at(-1) ?? { live: [], fence: 0n };
        const token = before.fence + BigInt(fence);
        const leaving = new Set(before.live.filter((_, at) => remove.includes(at)));
        const added = Array.from({ length: add }, (_, at) => fileOf(`${model.length}-${at}`));
        const decide = ({ files }: { files: ZoneActions["remove"] }): ZoneActions => ({
          add: added,
          remove: files.filter(({ path }) => leaving.has(path)),
          dataChange: true,
        });
        await zone.commit("streams", { info: infoOf("r"), fence: token, since: -1, decide });
        const kept = before.live.filter((path) => !leaving.has(path));
        model.push({ live: [...kept, ...pathsOf(added)], fence: token });
      }
      const fresh = deltaZone({ store });
      for (const reader of [zone, fresh]) {
        for (const [version, { live, fence }] of model.entries()) {
          const shown = await reader.snapshot("streams", version);
          expect([shown.version, pathsOf(shown.files), shown.fence]).toEqual([
            version,
            live.toSorted(),
            fence,
          ]);
        }
      }
    }),
    { numRuns: 40 },
  );
});
