import { expect, test } from "vitest";
import { benchTorture, faultsOf } from "../src/torture/bench.ts";
import { casesAt } from "../src/torture/cases.ts";
import { describeTorture } from "../src/torture/view.ts";
import { scratch } from "./scratch.ts";

const SCALE = 100;
const cost = { peakBytes: 1 };
const source = { key: "raw-data/streams/a.csv", rows: 3, accepted: 2, rejected: null };
const one = {
  name: "case",
  files: [
    {
      key: source.key,
      body: () => never(),
      expected: { rejected: null, accepted: 2, malformed: 1 },
    },
  ],
};
const report = (found: Partial<typeof source>, malformed = 1) => ({
  status: "succeeded",
  sources: [{ ...source, ...found, quarantined: { malformed } }],
  dates: [],
});

test("files too much for most readers are taken or refused as they must be, in bounded memory", async () => {
  await using here = await scratch();
  const benchmark = await benchTorture({ scale: SCALE, directory: here.folder, tell: () => {} });
  expect(benchmark.results.map(({ name }) => name)).toEqual(casesAt(SCALE).map(({ name }) => name));
  const seen = benchmark.results.map((result) => [
    result.accepted,
    result.quarantined,
    Object.keys(result.rejected).join(),
  ]);
  expect(seen).toEqual([
    [2, 1, ""],
    [2, 1, "HEADER_TOO_LONG"],
    [0, 0, "TOO_LARGE"],
    [10_001, 10_000, ""],
    [0, 0, "NOT_TEXT"],
    [20, 0, ""],
    [625_000, 0, ""],
  ]);
  expect(benchmark.faults).toEqual([]);
  expect(describeTorture({ ...benchmark, faults: ["case: wrong"] })).toMatch(/^case: wrong$/m);
  expect(describeTorture(benchmark)).toMatch(/^one file of 3 GB +1 +30\.0 +625000 +0 +- /m);
}, 600_000);

test.each([
  ["a row is lost", report({ rows: 2, accepted: 1 })],
  ["a bad row is taken", report({ accepted: 3 }, 0)],
  [
    "a file is refused",
    { ...report({}), sources: [{ ...report({}).sources[0]!, rejected: "NOT_TEXT" }] },
  ],
  ["a file is missing", { ...report({}), sources: [] }],
  ["the run fails", { ...report({}), status: "failed" }],
])("it is told when %s", (_, found) => {
  expect(faultsOf(one, report({}), cost)).toEqual([]);
  expect(faultsOf(one, found, cost)).toEqual([expect.stringMatching(/^case: /)]);
});

test("it is told when a run takes too much memory", () => {
  expect(faultsOf(one, report({}), { peakBytes: 3 * 2 ** 30 })).toEqual([
    expect.stringMatching(/resident/),
  ]);
});

async function* never(): AsyncGenerator<Uint8Array> {
  yield* [];
}
