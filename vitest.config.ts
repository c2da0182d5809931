import { defineConfig } from "vitest/config";

const condition = "@topline/source";

/** One project a package; every suite runs from TypeScript source, on whatever Node runs vitest. */
const project = (name: string, include: string[], options: { testTimeout?: number } = {}) => ({
  extends: true as const,
  test: { name, include, ...options },
});

export default defineConfig({
  resolve: { conditions: [condition] },
  ssr: { resolve: { conditions: [condition] } },
  test: {
    execArgv: [`--conditions=${condition}`],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      project("core", ["packages/core/**/*.test.ts"]),
      project("validators", ["packages/validators/**/*.test.ts"]),
      project("delta-log", ["packages/delta-log/**/*.test.ts"]),
      project("kpi-engine", ["packages/kpi-engine/**/*.test.ts"]),
      project("aws-adapters", ["packages/aws-adapters/**/*.test.ts"]),
      project("local-harness", ["packages/local-harness/**/*.test.ts"]),
      // Whole processes over the real data, several at a time: on two busy cores that takes a while.
      project("cli", ["apps/cli/**/*.test.ts"], { testTimeout: 300_000 }),
      project("workspace", ["test/**/*.test.ts"]),
    ],
  },
});
