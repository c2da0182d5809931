import { env } from "node:process";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { NEEDS } from "./test/machine/need.ts";

const condition = "@topline/source";

/** Spark for the embedded Glue, installed once for all tests. */
const glueHome = fileURLToPath(new URL("node_modules/.cache/topline/glue/", import.meta.url));

/** One project a package; every suite runs from TypeScript source, on whatever Node runs vitest. */
export const project = (
  name: string,
  include: string[],
  options: { testTimeout?: number } = {},
) => ({
  extends: true as const,
  test: { name, include, ...options },
});

/** Where the counts are to be written, as JSON. */
const outputFile = env["TOPLINE_TEST_REPORT"];
const report: ["json", { outputFile: string }][] =
  outputFile === undefined ? [] : [["json", { outputFile }]];

export default defineConfig({
  resolve: { conditions: [condition] },
  ssr: { resolve: { conditions: [condition] } },
  test: {
    env: { TOPLINE_GLUE_HOME: env["TOPLINE_GLUE_HOME"] ?? glueHome },
    execArgv: [`--conditions=${condition}`],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Suites of processes wait for much of their time: a core is not to be left for vitest alone.
    maxWorkers: "100%",
    globalSetup: ["./test/machine/setup.ts"],
    tags: NEEDS.map((name) => ({ name, description: `needs ${name}` })),
    reporters: ["default", "./test/machine/skipped-reporter.ts", ...report],
    projects: [
      project("core", ["packages/core/**/*.test.ts"]),
      project("validators", ["packages/validators/**/*.test.ts"]),
      project("delta-log", ["packages/delta-log/**/*.test.ts"]),
      project("kpi-engine", ["packages/kpi-engine/**/*.test.ts"]),
      project("aws-adapters", ["packages/aws-adapters/**/*.test.ts"]),
      project("deployment", ["packages/deployment/**/*.test.ts"]),
      project("local-harness", ["packages/local-harness/**/*.test.ts"]),
      project("glue-job", ["apps/glue-job/**/*.test.ts"]),
      project("lambda", ["apps/lambda/**/*.test.ts"]),
      // Whole runs of the DAG, beside another suite: only what does not come to its end takes so long.
      project("airflow", ["apps/airflow/**/*.test.ts"], { testTimeout: 1_500_000 }),
      // Whole processes over the real data, several at a time: on two busy cores that takes a while.
      project("cli", ["apps/cli/**/*.test.ts"], { testTimeout: 300_000 }),
      project("benchmarks", ["benchmarks/**/*.test.ts"]),
      project("workspace", ["test/**/*.test.ts"]),
    ],
  },
});
