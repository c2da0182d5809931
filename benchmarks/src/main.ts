import process from "node:process";
import { fileURLToPath } from "node:url";
import { toJson } from "@topline/core";
import { Command, InvalidArgumentError } from "commander";
import { benchBackends } from "./backends/bench.ts";
import { describeBackends } from "./backends/view.ts";
import { DEFAULT_SHAPE, type Shape } from "./data/shape.ts";
import { benchGrowth } from "./growth/bench.ts";
import { describeGrowth } from "./growth/view.ts";
import { benchTorture } from "./torture/bench.ts";
import { describeTorture } from "./torture/view.ts";
import { benchEngines } from "./engines/bench.ts";
import { describeEngines } from "./engines/view.ts";
import { benchTransform } from "./transform/bench.ts";
import { describeTransform } from "./transform/view.ts";

const DATA = fileURLToPath(new URL("../.data", import.meta.url));

const DEFAULT_SIZES: readonly number[] = [1_000_000, 10_000_000];

interface TransformOptions extends Omit<Shape, "repeatsPerMille"> {
  readonly rounds: number;
  readonly data: string;
  readonly json?: boolean;
}

interface GrowthOptions {
  readonly dates: number;
  readonly listensADate: number;
  readonly added: number;
  readonly users: number;
  readonly rounds: number;
  readonly data: string;
  readonly json?: boolean;
}

interface TortureOptions {
  readonly scale: number;
  readonly data: string;
  readonly json?: boolean;
}

interface EnginesOptions extends Pick<TransformOptions, "rounds" | "data" | "json"> {
  readonly listens: readonly number[];
}

const program = new Command("bench").description("What Topline takes, measured beside others.");

program
  .command("transform")
  .description(
    "The whole transform beside DuckDB's bare scan of the same files, a script by hand that computes the same tables, and that script from S3 over Parquet. Fails when the figures differ.",
  )
  .option("--listens <n>", "lines of listens, such as 10M or 200k", count, DEFAULT_SHAPE.listens)
  .option("--users <n>", "users who listen", count, DEFAULT_SHAPE.users)
  .option("--files <n>", "files of listens", count, DEFAULT_SHAPE.files)
  .option("--dates <n>", "dates of the listens", count, DEFAULT_SHAPE.dates)
  .option("--seed <n>", "another seed draws other listens", count, DEFAULT_SHAPE.seed)
  .option("--rounds <n>", "times that every contender runs", count, 5)
  .option("--data <dir>", "where data is kept for the next time", DATA)
  .option("--json", "one JSON document on stdout")
  .action(async ({ rounds, data, json, ...options }: TransformOptions) => {
    const benchmark = await benchTransform({
      shape: { ...options, repeatsPerMille: DEFAULT_SHAPE.repeatsPerMille },
      rounds,
      directory: data,
      tell,
    });
    console.log(json === true ? toJson(benchmark, 2) : describeTransform(benchmark));
  });

program
  .command("backends")
  .description(
    "Each backend of the harness from nothing to nothing: time until usable, memory, time to stop. Containers are skipped, and it says so, where there is no Docker.",
  )
  .option("--rounds <n>", "lives of every backend", count, 5)
  .option("--json", "one JSON document on stdout")
  .action(async ({ rounds, json }: { readonly rounds: number; readonly json?: boolean }) => {
    const benchmark = await benchBackends({ rounds, tell });
    console.log(json === true ? toJson(benchmark, 2) : describeBackends(benchmark));
  });

program
  .command("growth")
  .description(
    "What a run takes that adds listens to one date, and one that changes a track, in a zone of that date alone and in one with many dates beside it.",
  )
  .option("--dates <n>", "dates of the larger zone", count, 400)
  .option("--listens-a-date <n>", "listens that a date has before", count, 100_000)
  .option("--added <n>", "listens that arrive, all of one date", count, 10_000)
  .option("--users <n>", "users who listen", count, DEFAULT_SHAPE.users)
  .option("--rounds <n>", "times that each arrives", count, 5)
  .option("--data <dir>", "where data is kept for the next time", DATA)
  .option("--json", "one JSON document on stdout")
  .action(async ({ rounds, data, json, listensADate, ...sizes }: GrowthOptions) => {
    const size = { ...sizes, listensADate };
    const benchmark = await benchGrowth({ size, rounds, directory: data, tell });
    console.log(json === true ? toJson(benchmark, 2) : describeGrowth(benchmark));
  });

program
  .command("torture")
  .description(
    "Runs over files that are too much for most readers: a line of 2 GB, 2,000 files, a file of 3 GB, … Fails when a report says other than it must, or a run needs more than 2 GiB of memory.",
  )
  .option("--scale <n>", "divides sizes and numbers", count, 1)
  .option("--data <dir>", "where state lies for as long as it takes: some 25 GB at full size", DATA)
  .option("--json", "one JSON document on stdout")
  .action(async ({ scale, data, json }: TortureOptions) => {
    const benchmark = await benchTorture({ scale, directory: data, tell });
    console.log(json === true ? toJson(benchmark, 2) : describeTorture(benchmark));
    if (benchmark.faults.length > 0) process.exitCode = 1;
  });

program
  .command("engines")
  .description(
    "The whole transform on DuckDB and on Spark, as a Glue job of the harness, over the same files. Needs Java 17, Python 3.11 and uv. Fails when the figures differ.",
  )
  .option("--listens <n...>", "lines of listens of each size", counts, DEFAULT_SIZES)
  .option("--rounds <n>", "times that each engine runs over each size", count, 1)
  .option("--data <dir>", "where data and Spark are kept for the next time", DATA)
  .option("--json", "one JSON document on stdout")
  .action(async ({ listens, rounds, data, json }: EnginesOptions) => {
    const benchmark = await benchEngines({
      shape: DEFAULT_SHAPE,
      sizes: listens,
      rounds,
      directory: data,
      tell,
    });
    console.log(json === true ? toJson(benchmark, 2) : describeEngines(benchmark));
  });

await program.parseAsync();

function tell(message: string): void {
  process.stderr.write(`${message}\n`);
}

/** Those before it go, if they were the default. */
function counts(text: string, before: readonly number[]): number[] {
  return [...(before === DEFAULT_SIZES ? [] : before), count(text)];
}

/** A whole number of at least 1, with `k` or `M` behind it for thousands and millions. */
function count(text: string): number {
  const [, digits, unit = ""] = /^([0-9]+)([kM]?)$/.exec(text) ?? [];
  const number = Number(digits) * ({ k: 1_000, M: 1_000_000 }[unit] ?? 1);
  if (number >= 1) return number;
  throw new InvalidArgumentError("Expected a whole number from 1, such as 8, 200k or 10M.");
}
