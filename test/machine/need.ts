import type { ProbeName } from "../../packages/local-harness/src/machine/index.ts";

/**
 * What a suite may need of the machine beyond Node, by the names of `topline doctor`. A suite that needs something
 * carries it as a tag: `vitest run --tags-filter "docker or python"` runs those alone.
 */
export const NEEDS = [
  "docker",
  "java",
  "maven",
  "python",
  "uv",
  "chromium",
  "deno",
] as const satisfies readonly ProbeName[];

export type Need = (typeof NEEDS)[number];

/** What was found of one need; `python` is an environment with the packages of `test/python`. */
export type Found = { readonly path: string } | { readonly path: null; readonly remedy: string };

export type Machine = Readonly<Record<Need, Found>>;

export const isNeed = (tag: string): tag is Need => NEEDS.some((need) => need === tag);

declare module "vitest" {
  interface ProvidedContext {
    readonly machine: Machine;
  }
}
