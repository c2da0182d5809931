import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/** The last line of CI adds up what several runs told. */

const COUNT = fileURLToPath(new URL("../.ci/count.mjs", import.meta.url));

type Outcomes = Readonly<Record<string, "passed" | "failed" | "skipped">>;

async function count(reports: Readonly<Record<string, Outcomes>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "topline-count-"));
  try {
    const paths: string[] = [];
    for (const [run, outcomes] of Object.entries(reports)) {
      const assertionResults = Object.entries(outcomes).map(([fullName, status]) => {
        return { fullName, status };
      });
      const [, runtime = "", name = ""] = /^(.*=)?(.*)$/.exec(run) ?? [];
      const path = join(folder, `${name}.json`);
      const testResults = [{ name: "/a.test.ts", status: "passed", assertionResults }];
      await writeFile(path, JSON.stringify({ testResults }));
      paths.push(`${runtime}${path}`);
    }
    const args = [COUNT, "0", ...paths];
    return await new Promise((resolve) => {
      const env = { TOPLINE_REQUIRE_ALL: "1" };
      execFile(process.execPath, args, { env }, (_error, stdout) =>
        resolve(stdout.trimEnd().split("\n").at(-1) ?? ""),
      );
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("a test that several runs tell of counts once, skipped only where none ran it", async () => {
  const told = await count({
    bare: { one: "passed", two: "skipped", three: "skipped", four: "passed" },
    needy: { one: "skipped", two: "passed", three: "skipped", four: "failed" },
  });
  expect(told).toBe("2 passed, 1 failed, 1 skipped");
});

test("on another runtime it is another test", async () => {
  const told = await count({
    bare: { one: "passed", two: "passed" },
    "Deno=deno": { one: "passed", two: "failed", three: "skipped" },
  });
  expect(told).toBe("3 passed, 1 failed, 1 skipped");
});
