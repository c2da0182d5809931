import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import workspace, { project } from "../../vitest.config.ts";
import { BACKENDS_ON_DENO, LEFT_OUT } from "./left-out.ts";

/** The packages whose suites run on Deno; `cli` and what concerns the repository itself do not. */
const PACKAGES = [
  "core",
  "validators",
  "delta-log",
  "kpi-engine",
  "aws-adapters",
  "deployment",
  "local-harness",
] as const;

export default defineConfig({
  ...workspace,
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    ...workspace.test,
    // The pool that works there: Deno 2.9 lacks `parentPort.removeAllListeners` of threads, and modules in `node:vm`.
    pool: "forks",
    setupFiles: [fileURLToPath(new URL("./on-deno.ts", import.meta.url))],
    exclude: LEFT_OUT.map(({ files }) => files),
    provide: { backends: BACKENDS_ON_DENO },
    projects: PACKAGES.map((name) => project(name, [`packages/${name}/{src,test}/**/*.test.ts`])),
  },
});
