import { expect, test } from "vitest";
import { describeOnBackends } from "../../../test/backends/index.ts";
import { emptyModel } from "../../../test/model/model.ts";
import { openBucket } from "./bucket.ts";
import {
  datesOf,
  directoryOf,
  dropsOf,
  expectedTables,
  type Files,
  publishedDates,
  sample,
  tablesOf,
} from "./inbox.ts";
import { newStateIn, type TestState } from "./topline.ts";

/** The real day of streaming, through the command line, against an independent computation. */

interface Report {
  readonly run_id: string;
  readonly status: string;
  readonly sources: readonly { key: string; archived_to: string; source_id: string }[];
  readonly tables: readonly { table: string; put: number; deleted: number; unchanged: number }[];
}

const REFERENCE: Files = { "users.csv": sample("users.csv"), "songs.csv": sample("songs.csv") };
const stream = (n: number) => ({ [`streams/streams${n}.csv`]: sample(`streams/streams${n}.csv`) });

async function runOver(state: TestState, files: Files, ...args: string[]): Promise<Report> {
  const data = await directoryOf(state, files);
  const outcome = await state.topline("run", "--data", data, "--json", ...args);
  expect(outcome.code, outcome.stderr).toBe(0);
  return outcome.json<Report>();
}

describeOnBackends("the real day", (_row, cloud) => {
  test("three drops and a repetition: the tables equal an independent computation after each", async () => {
    await using state = await newStateIn(cloud());
    const model = emptyModel();
    const drops: Files[] = [{ ...REFERENCE, ...stream(1) }, stream(2), stream(3)];
    const all = Object.assign({}, ...drops) as Files;
    const rundate = "2024-06-27";

    let intake = 0n;
    let last: Report | undefined;
    for (const [i, files] of [...drops, all].entries()) {
      const report = await runOver(state, files, "--date", rundate, "--run-id", `r${i}`);
      last = report;
      expect(report.status).toBe("succeeded");
      model.run({ intake: ++intake, files: dropsOf(files) });
      expect(await publishedDates(state)).toEqual(datesOf(model));
      expect(await tablesOf(state, datesOf(model))).toEqual(expectedTables(model));

      await using bucket = await openBucket(state);
      expect(await bucket.keys("raw-data/")).toEqual([]);
      expect(report.sources.map((source) => source.archived_to)).toEqual(
        report.sources.map(({ key }) => key.replace("raw-data/", `archive/raw-data/${rundate}/`)),
      );
    }
    expect(last?.tables.map(({ put, deleted }) => put + deleted)).toEqual([0, 0, 0]);
    await using bucket = await openBucket(state);
    expect(await bucket.keys("archive/")).toHaveLength(5);
  });

  test("files of one name and other content lie side by side in the archive", async () => {
    await using state = await newStateIn(cloud());
    const date = ["--date", "2024-06-27"];
    await runOver(state, { ...REFERENCE, ...stream(1) }, ...date);
    const other = sample("streams/streams2.csv");
    const report = await runOver(state, { "streams/streams1.csv": other }, ...date);
    const [source] = report.sources;
    const renamed = `archive/raw-data/2024-06-27/streams/streams1~${source?.source_id.slice(0, 8)}.csv`;
    expect(source?.archived_to).toBe(renamed);
    await using bucket = await openBucket(state);
    expect(await bucket.keys("archive/raw-data/2024-06-27/streams/")).toEqual([
      "archive/raw-data/2024-06-27/streams/streams1.csv",
      renamed,
    ]);
    expect(await bucket.read(renamed)).toBe(new TextDecoder().decode(other));
  });

  test("the four steps as four processes give what one run gives, and a run in between finishes them", async () => {
    await using state = await newStateIn(cloud());
    const files = { ...REFERENCE, ...stream(1) };
    const model = emptyModel();
    model.run({ intake: 1n, files: dropsOf(files) });
    await using bucket = await openBucket(state);
    const arrive = async (drop: Files) => {
      for (const [name, content] of Object.entries(drop))
        await bucket.put(`raw-data/${name}`, content);
    };

    await arrive(files);
    for (const step of ["detect", "validate", "transform", "archive"]) {
      const { code, stderr } = await state.topline("step", step, "--run-id", "steps", "--json");
      expect(code, stderr).toBe(0);
    }
    expect(await tablesOf(state, datesOf(model))).toEqual(expectedTables(model));
    expect(await bucket.keys("raw-data/")).toEqual([]);

    await arrive(stream(2));
    await state.topline("step", "validate", "--run-id", "half");
    await state.topline("step", "transform", "--run-id", "half");
    await arrive(stream(3));
    const report = (await state.topline("run", "--run-id", "whole", "--json")).json<Report>();
    expect(report.run_id).toBe("whole");
    expect(report.sources.map((source) => source.key)).toEqual(["raw-data/streams/streams3.csv"]);
    const runs = (await state.topline("runs", "--json")).json<
      { run_id: string; status: string }[]
    >();
    expect(runs.map(({ run_id, status }) => `${run_id} ${status}`)).toEqual([
      "whole succeeded",
      "half succeeded",
      "steps succeeded",
    ]);
    model.run({ intake: 2n, files: dropsOf(stream(2)) });
    model.run({ intake: 3n, files: dropsOf(stream(3)) });
    expect(await tablesOf(state, datesOf(model))).toEqual(expectedTables(model));
    expect(await bucket.keys("raw-data/")).toEqual([]);
  });
});
