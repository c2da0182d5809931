import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import {
  type Machine,
  probe,
  type ProbeName,
  probeMachine,
  PROBES,
} from "@topline/local-harness/machine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isRunning } from "./harness-processes.ts";

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "topline-machine-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

let made = 0;

/** A PATH on which these shell scripts are all there is. */
async function pathWith(programs: Readonly<Record<string, string>>): Promise<string> {
  const path = join(folder, `bin-${made++}`);
  await mkdir(path);
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(path, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(path, name), 0o755);
  }
  return path;
}

const look = async (
  name: ProbeName,
  programs: Readonly<Record<string, string>>,
  options: Partial<Machine> = {},
) => {
  const PATH = await pathWith(programs);
  return probe(name, { ...options, env: { PATH, ...options.env } });
};

const python = (version: string, canMakeOne: "True" | "False") =>
  `printf '%s\n' ${version} /opt/python ${canMakeOne}`;

test("this machine is told in full, in one order, with a remedy for each lack alone", async () => {
  const findings = await probeMachine({ stateDirectory: folder });
  expect(findings.map(({ name }) => name)).toEqual(PROBES);
  for (const finding of findings) {
    expect(Object.keys(finding)).toEqual([
      "name",
      "found",
      "version",
      "path",
      "needed_for",
      "remedy",
    ]);
    expect(finding.remedy === null).toBe(finding.found);
  }
  expect(findings.find(({ name }) => name === "node")).toMatchObject({
    version: process.versions.node,
    path: process.execPath,
  });
  expect(findings.find(({ name }) => name === "duckdb")?.version).toMatch(/^1\.[0-9.]+$/);
});

describe("a program is found with its version", () => {
  test.each<[ProbeName, string, string, string]>([
    ["java", "java", `echo 'openjdk version "21.0.4" 2024-07-16' >&2`, "21.0.4"],
    ["java", "java", `echo 'java version "17" 2021-09-14 LTS' >&2`, "17"],
    ["maven", "mvn", `printf '\\033[1mApache Maven 3.8.7\\033[m\n'`, "3.8.7"],
    ["uv", "uv", "echo 'uv 0.13.9 (x86_64-unknown-linux-gnu)'", "0.13.9"],
    ["chromium", "google-chrome", "echo 'Google Chrome 142.0.7444.59 '", "142.0.7444.59"],
    ["chromium", "chromium", "echo 'Chromium 142.0.1 built on Debian'", "142.0.1"],
    ["deno", "deno", "echo 'deno 2.9.1 (stable, release, x86_64-unknown-linux-gnu)'", "2.9.1"],
    ["python", "python3", python("3.11.0", "True"), "3.11.0"],
    ["docker", "docker", "echo '28.2.2 20.10.24+dfsg1'", "20.10.24+dfsg1"],
  ])("%s", async (name, program, script, version) => {
    expect(await look(name, { [program]: script })).toMatchObject({
      name,
      found: true,
      version,
      path: expect.stringMatching(/^\//) as string,
      remedy: null,
    });
  });
});

describe("what is there and does not do is told with its version and the remedy", () => {
  test.each<[string, ProbeName, Record<string, string>, string | null, RegExp]>([
    [
      "Java 8",
      "java",
      { java: `echo 'java version "1.8.0_392"' >&2` },
      "8.0_392",
      /too old.*Java 17/,
    ],
    [
      "the stub of macOS",
      "java",
      { java: "echo 'Unable to locate a Java Runtime' >&2; exit 1" },
      null,
      /exit code 1: Unable to locate.*Java 17/,
    ],
    [
      "Python 3.10",
      "python",
      { python3: python("3.10.18", "True") },
      "3.10.18",
      /too old.*Python 3\.11/,
    ],
    [
      "Python 2",
      "python",
      { python: "echo '  File \"<string>\"' >&2; exit 1" },
      null,
      /does not work.*Python 3\.11/,
    ],
    [
      "Python without ensurepip",
      "python",
      { python3: python("3.12.3", "False") },
      "3.12.3",
      /no venv.*python3-venv/,
    ],
    ["Deno 1", "deno", { deno: "echo 'deno 1.46.3'" }, "1.46.3", /too old.*Deno 2/],
    [
      "Docker without a daemon",
      "docker",
      { docker: "echo '28.2.2 '; echo 'Cannot connect to the Docker daemon' >&2; exit 1" },
      "28.2.2",
      /No daemon answers \(Cannot connect.*dockerd/,
    ],
    [
      "Ubuntu's browser that is not installed",
      "chromium",
      { "chromium-browser": "echo 'requires the chromium snap' >&2; exit 1" },
      null,
      /does not work: exit code 1: requires the chromium snap/,
    ],
    ["a program of the same name", "uv", { uv: "echo hello" }, null, /tells no version: hello/],
    ["nothing", "docker", {}, null, /no docker on PATH/],
    ["nothing", "chromium", {}, null, /no chromium or .* on PATH.*CHROMIUM_PATH/],
  ])("%s", async (_what, name, programs, version, remedy) => {
    const finding = await look(name, programs);
    expect(finding).toMatchObject({ name, found: false, version });
    expect(finding.remedy).toMatch(remedy);
  });
});

test("a newer Python beside an old one is found", async () => {
  const programs = { python3: python("3.8.10", "True"), "python3.12": python("3.12.3", "True") };
  expect(await look("python", programs)).toMatchObject({ found: true, version: "3.12.3" });
});

test("JAVA_HOME leads PATH", async () => {
  const JAVA_HOME = join(folder, "jdk");
  await mkdir(join(JAVA_HOME, "bin"), { recursive: true });
  await writeFile(join(JAVA_HOME, "bin/java"), `#!/bin/sh\necho 'version "17.0.1"' >&2\n`);
  await chmod(join(JAVA_HOME, "bin/java"), 0o755);
  const programs = { java: `echo 'version "11.0.1"' >&2` };
  expect(await look("java", programs, { env: { JAVA_HOME } })).toMatchObject({
    found: true,
    path: join(JAVA_HOME, "bin/java"),
  });
  expect(await look("java", programs)).toMatchObject({ found: false, version: "11.0.1" });
});

test.each<[ProbeName, string, string]>([
  ["chromium", "CHROMIUM_PATH", "chromium"],
  ["deno", "TOPLINE_DENO", "deno"],
])(
  "the file that a variable names is %s, and no other takes its place",
  async (name, variable, program) => {
    const programs = { [program]: "echo 'Chromium 1.0'; echo 'deno 2.0.0'" };
    const named = join(folder, "not-there");
    const finding = await look(name, programs, { env: { [variable]: named } });
    expect(finding).toMatchObject({
      found: false,
      remedy: expect.stringContaining(named) as string,
    });
  },
);

test("who does not answer in time is ended, with what it started", async () => {
  const pids = join(folder, "pids");
  const spin = "while :; do :; done";
  const script = `echo $$ > ${pids}; { ${spin}; } & echo $! >> ${pids}; ${spin}`;
  const finding = await look("uv", { uv: script }, { timeoutMs: 300 });
  expect(finding.remedy).toMatch(/no answer within 0\.3 s/);
  const started = (await readFile(pids, "utf8")).trim().split("\n").map(Number);
  expect(started).toHaveLength(2);
  for (const pid of started) {
    await expect.poll(() => isRunning(pid), { timeout: 5_000 }).toBe(false);
  }
});

test("a cancelled probe ends at once", async () => {
  const signal = AbortSignal.abort();
  expect(await look("uv", { uv: "while :; do :; done" }, { signal })).toMatchObject({
    found: false,
    remedy: expect.stringContaining("cancelled") as string,
  });
});

describe("the state directory", () => {
  test("that is not there yet is judged by what it would be made in, and not made", async () => {
    const stateDirectory = join(folder, "new/state");
    const finding = await probe("state", { stateDirectory });
    expect(finding).toMatchObject({ found: true, path: stateDirectory });
    await expect(rm(join(folder, "new"))).rejects.toThrow("ENOENT");
  });

  test("that is a file, or below one, is told", async () => {
    const file = join(folder, "file");
    await writeFile(file, "");
    for (const stateDirectory of [file, join(file, "state")]) {
      const finding = await probe("state", { stateDirectory });
      expect(finding.found).toBe(false);
      expect(finding.remedy).toMatch(/cannot be written.*--state/);
    }
  });
});

test("a platform without a DynamoDB of its own is told with the choices", async () => {
  const finding = await probe("dynoxide", { platform: "plan9-mips" });
  expect(finding.found).toBe(false);
  expect(finding.remedy).toMatch(/@dynoxide\/plan9-mips.*containers/);
});

test("DynamoDB Local without a Java that runs it is told with how to get one", async () => {
  const finding = await probe("dynamodb-local", { env: { PATH: folder } });
  expect(finding).toMatchObject({ found: false, version: expect.stringMatching(/^11\./) });
  expect(finding.remedy).toMatch(/no java on PATH.*Java 17/);
});

describe("AWS credentials are told by presence", () => {
  test.each<[string, Record<string, string>, boolean]>([
    ["none", {}, false],
    ["a profile", { AWS_PROFILE: "p" }, true],
    ["an empty variable", { AWS_PROFILE: "" }, false],
    ["a key", { AWS_ACCESS_KEY_ID: "not-read" }, true],
  ])("%s", async (_what, env, found) => {
    const finding = await probe("aws", { env: { HOME: folder, ...env } });
    expect(finding.found).toBe(found);
    expect(JSON.stringify(finding)).not.toContain("not-read");
  });

  test("a file", async () => {
    const HOME = join(folder, "home");
    await mkdir(join(HOME, ".aws"), { recursive: true });
    await writeFile(join(HOME, ".aws/config"), "");
    expect(await probe("aws", { env: { HOME } })).toMatchObject({
      found: true,
      path: join(HOME, ".aws/config"),
    });
  });
});
