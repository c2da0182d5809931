import { expect, test } from "vitest";
import { FETCH_MS } from "../../test/machine/java-classpath.ts";
import { describeNeeding } from "../../test/needs.ts";
import { DEFAULT_SHAPE } from "../src/data/shape.ts";
import { benchEngines } from "../src/engines/bench.ts";
import { describeEngines } from "../src/engines/view.ts";
import { scratch } from "./scratch.ts";

describeNeeding(["java", "python", "uv"], "the benchmark of the engines", () => {
  test(
    "runs both over the same listens, size by size, and their figures agree",
    async () => {
      await using here = await scratch();
      const told: string[] = [];
      const benchmark = await benchEngines({
        shape: { ...DEFAULT_SHAPE, users: 300, files: 2 },
        sizes: [2_000],
        rounds: 1,
        directory: here.folder,
        tell: (message) => void told.push(message),
      });
      expect(benchmark.results.map(({ engine, listens }) => [engine, listens])).toEqual([
        ["duckdb", 2_000],
        ["glue", 2_000],
      ]);
      const [duckdb, glue] = benchmark.results;
      for (const { seconds, command_seconds, cpu_seconds } of benchmark.results) {
        expect(seconds.min).toBeGreaterThan(0);
        expect(command_seconds.min).toBeGreaterThan(seconds.min);
        expect(cpu_seconds.min).toBeGreaterThan(0);
      }
      // A JVM and its workers were among the processes that were measured.
      expect(glue?.peak_bytes).toBeGreaterThan((duckdb?.peak_bytes ?? 0) + 256 * 2 ** 20);
      expect(told).toHaveLength(3);
      expect(describeEngines(benchmark)).toMatch(/^ *2000 +glue +\d+\.\d \/ /m);
    },
    600_000 + FETCH_MS,
  );
});
