import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cloud, describeOnBackends } from "../../../test/backends/index.ts";
import { emptyModel } from "../../../test/model/model.ts";
import { openBucket } from "./bucket.ts";
import { datesOf, dropsOf, expectedTables, type Files, sample, tablesOf } from "./inbox.ts";
import { newStateIn, type TestState } from "./topline.ts";

/** A run that is killed is finished by the next one, wherever its state lives. */

const NAMES = ["users.csv", "songs.csv", "streams/streams1.csv", "streams/streams2.csv"];
const FILES: Files = Object.fromEntries(NAMES.map((name) => [name, sample(name)]));
const MOMENTS = [0.25, 0.5, 0.75, 0.95];

async function arrive(state: TestState): Promise<void> {
  await using bucket = await openBucket(state);
  for (const [name, content] of Object.entries(FILES)) {
    await bucket.put(`raw-data/${name}`, content);
  }
}

/** Copies of runs. */
const inputs = (keys: readonly string[]): string[] =>
  keys.filter((key) => /^runs\/[^/]+\/input\//.test(key));

/** How long a run lasts here and now that nobody kills. */
async function undisturbed(cloud: Cloud): Promise<number> {
  await using state = await newStateIn(cloud);
  await arrive(state);
  const began = performance.now();
  const { code, stderr } = await state.topline("run");
  expect(code, stderr).toBe(0);
  return performance.now() - began;
}

const expected = (() => {
  const model = emptyModel();
  model.run({ intake: 1n, files: dropsOf(FILES) });
  return { dates: datesOf(model), tables: expectedTables(model) };
})();

describeOnBackends("kill and resume", (_row, cloud) => {
  let duration = 0;
  let cut = 0;
  beforeAll(async () => {
    duration = await undisturbed(cloud());
  });

  test.each(MOMENTS)("after %d of its time", async (moment) => {
    await using state = await newStateIn(cloud());
    await arrive(state);
    const victim = state.start("run", "--run-id", "victim");
    const timer = setTimeout(() => victim.kill("SIGKILL"), duration * moment);
    const { code } = await victim.finished;
    clearTimeout(timer);
    if (code === null) cut++;

    const after = await state.topline("run", "--json");
    expect(after.code, after.stderr).toBe(0);
    expect(await tablesOf(state, expected.dates)).toEqual(expected.tables);
    const status = await state.topline("status", "--json");
    expect(status.json()).toMatchObject({ inbox: { status: "empty" }, open_run: null });
    await using bucket = await openBucket(state);
    expect(await bucket.keys("archive/")).toHaveLength(NAMES.length);
    // Copies of runs that never came to be open are nobody's, and harmless, until `maintain` takes them.
    const { runs } = status.json<{ runs: { run_id: string }[] }>();
    const copies = inputs(await bucket.keys("runs/"));
    const leaving = runs.filter(({ run_id }) =>
      copies.some((key) => key.startsWith(`runs/${run_id}/`)),
    );
    expect(leaving).toEqual([]);
    expect((await state.topline("maintain", "--json")).code).toBe(0);
    expect(inputs(await bucket.keys("runs/"))).toEqual([]);
  });

  afterAll(() => {
    if (cut === 0) throw new Error("No run was cut off: all had ended before.");
  });
});
