import { expect, test } from "vitest";
import { benchGrowth } from "../src/growth/bench.ts";
import { withOtherDuration } from "../src/growth/catalogue.ts";
import { describeGrowth } from "../src/growth/view.ts";
import { scratch } from "./scratch.ts";

test("what arrives is taken in by both zones, and computes the dates that it touches", async () => {
  await using here = await scratch();
  const benchmark = await benchGrowth({
    size: { dates: 4, listensADate: 500, added: 50, users: 20 },
    rounds: 1,
    directory: here.folder,
    tell: () => {},
  });
  const [listens, track] = benchmark.results;
  expect(listens?.alone_dates.median).toBe(1);
  expect(listens?.among_dates.median).toBe(1);
  expect(track?.among_dates.median).toBeGreaterThanOrEqual(track?.alone_dates.median ?? 0);
  for (const { alone_seconds, among_seconds, ratio } of benchmark.results) {
    expect(alone_seconds.min).toBeGreaterThan(0);
    expect(ratio.median).toBeCloseTo(among_seconds.median / alone_seconds.median);
  }
  expect(describeGrowth(benchmark)).toMatch(/^listens of one date +\d+\.\d\d \/ /m);
}, 300_000);

test("a catalogue of another round changes another track, in all of its genres", () => {
  const catalogue = 'id,track_id,duration_ms\n0,a,1\n1,"b",1\n2,c,1\n3,c,7\n';
  expect(withOtherDuration(catalogue, 0)).toBe(
    'id,track_id,duration_ms\n0,a,2\n1,"b",1\n2,c,1\n3,c,7\n',
  );
  expect(withOtherDuration(catalogue, 1)).toBe(
    'id,track_id,duration_ms\n0,a,1\n1,"b",1\n2,c,2\n3,c,8\n',
  );
  expect(() => withOtherDuration(catalogue, 9)).toThrow(/round 10/);
});
