import process from "node:process";
import { describe, expect, inject, test } from "vitest";
import type { Need } from "./machine/need.ts";

/** Where each need was found: a program's path. */
export type Paths<N extends Need> = Readonly<Record<N, string>>;

/**
 * A suite that needs more of the machine than Node. Where something is missing it is skipped, and the run says
 * so at its end, with the remedy; with `TOPLINE_REQUIRE_ALL=1` it fails instead.
 *
 * `register` is called either way, since tests that are skipped keep their names: what it registers may use
 * `paths` in hooks and tests only.
 */
export function describeNeeding<N extends Need>(
  needs: readonly N[],
  name: string,
  register: (paths: Paths<N>) => void,
): void {
  const machine = inject("machine");
  const lacking = needs.filter((need) => machine[need].path === null);
  const tags: Need[] = [...needs];
  for (const need of process.env["TOPLINE_REQUIRE_ALL"] === "1" ? lacking : []) {
    test(`${name}: this machine has ${need}`, { tags }, () => {
      const found = machine[need];
      expect.fail(found.path === null ? found.remedy : "");
    });
  }
  // oxlint-disable-next-line vitest/valid-title -- a title of the caller's
  describe(name, { tags, skip: lacking.length > 0 }, () => {
    const paths = needs.map((need) => [need, machine[need].path ?? ""]);
    register(Object.fromEntries(paths) as Paths<N>);
  });
}
