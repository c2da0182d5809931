import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GlueScripts } from "./glue-scripts.ts";
import { Place } from "./harness-processes.ts";

/** A machine that lacks what a job needs: the run says what, and how to get it. Nothing else is run in its place. */

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "topline-lacking-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

let made = 0;

/** A PATH with Node, and with these shell scripts. */
async function pathWith(programs: Readonly<Record<string, string>>): Promise<string> {
  const path = join(folder, `bin-${made++}`);
  await mkdir(path);
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(path, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(path, name), 0o755);
  }
  return `${dirname(process.execPath)}:${path}`;
}

const java = (version: string) => `echo 'openjdk version "${version}" 2024-01-01' >&2`;

/** A uv that tells its version, and does this with all else. */
const uv = (otherwise: string) =>
  `case "$1" in --version) echo "uv 0.9.0";; *) ${otherwise};; esac`;

const OPENJDK_17 = { java: java("17.0.15") };

test.each([
  ["no Java", {}, /There is no java on PATH\. Install Java 17 or later/],
  ["a Java that is too old", { java: java("11.0.2") }, /11\.0\.2 is too old\. Install Java 17/],
  [
    "a Java that Spark 3.5 does not run on",
    { java: java("25.0.1") },
    /Spark 3\.5 does not run on Java 25\.0\.1\. Install Java 17 or 21/,
  ],
  ["no uv", OPENJDK_17, /There is no uv on PATH\. Install uv/],
  [
    "no Python of Glue's",
    { ...OPENJDK_17, uv: uv("exit 2") },
    /There is no Python 3\.11, .* Install it: uv python install 3\.11/,
  ],
  [
    "packages that cannot be had",
    {
      ...OPENJDK_17,
      uv: uv(
        'test "$1" = python && echo /usr/bin/python3.11 || { echo "no network" >&2; exit 3; }',
      ),
    },
    /PySpark could not be installed: uv venv ended with exit code 3\. .*no network/s,
  ],
] as const)("on a machine with %s a run fails with the remedy", async (_, programs, remedy) => {
  await using place = await Place.make();
  const user = place.user(undefined, {
    env: {
      PATH: await pathWith(programs),
      JAVA_HOME: "",
      TOPLINE_GLUE_HOME: join(place.root, "spark"),
    },
  });
  const directory = join(place.state, "glue");
  using scripts = await GlueScripts.at({ ...(await user.endpoints), directory });
  const run = await scripts.run(await scripts.job("raise SystemExit('it ran')"));
  expect(run.JobRunState).toBe("FAILED");
  expect(run.ErrorMessage).toMatch(/^ENGINE_UNAVAILABLE: /);
  expect(run.ErrorMessage).toMatch(remedy);
  expect(await scripts.log(run.Id)).toContain(run.ErrorMessage);
});
