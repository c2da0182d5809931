import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { XMLParser } from "fast-xml-parser";
import { beforeAll, describe, expect, test } from "vitest";
import type { Cloud } from "../backends/cloud.ts";
import { startHarness } from "../backends/harness.ts";
import type { Need } from "../machine/need.ts";
import { describeNeeding } from "../needs.ts";

/** pytest under vitest: each test function of Python is a test here. */

const SUITE_MS = 240_000;
/** A suite that needs Spark runs jobs, and may have to install it first. */
const SPARK_MS = 900_000;

/** What pytest said of a test function of a file: the text of each case of it that failed. */
type Outcomes = ReadonlyMap<string, readonly string[]>;

/** A harness, as boto3 reads its environment. */
export const boto3Environment = ({ s3, dynamodb, glue, lambda, region, credentials }: Cloud) => ({
  ...(glue === undefined ? {} : { AWS_ENDPOINT_URL_GLUE: glue }),
  ...(lambda === undefined ? {} : { AWS_ENDPOINT_URL_LAMBDA: lambda }),
  AWS_ENDPOINT_URL_S3: s3,
  AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
  AWS_DEFAULT_REGION: region,
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  AWS_EC2_METADATA_DISABLED: "true",
});

/**
 * Runs files of `folder` at once, against an embedded harness of their own. pytest's own settings are those of a
 * pyproject.toml in the folder.
 *
 * @param others what they need beside Python
 * @param environment makes another environment than that of `test/python`, from its interpreter; yields its own
 */
export function describePytest(
  name: string,
  folder: string,
  files: readonly string[],
  others: readonly Need[] = [],
  environment: (python: string) => Promise<string> = (python) => Promise.resolve(python),
): void {
  const patience = others.includes("java") ? SPARK_MS : SUITE_MS;
  describeNeeding(["python", ...others], name, ({ python }) => {
    let outcomes: Outcomes = new Map();
    beforeAll(async () => {
      await using harness = await startHarness("embedded");
      const suite = { python: await environment(python), folder, files, timeout: patience };
      outcomes = await runPytest(suite, boto3Environment(harness));
    }, patience);

    describe.each(files)("%s", (file) => {
      test.each(functionsOf(folder, file))("%s", (_, one) => {
        const said = outcomes.get(`${moduleOf(file)}.${one}`);
        expect(said, `${one} did not run`).toBeDefined();
        expect(said?.join("\n")).toBe("");
      });
    });
  });
}

/** Each as its words, and as its name. */
function functionsOf(folder: string, file: string): [string, string][] {
  const found = readFileSync(join(folder, file), "utf8").matchAll(/^def (test_(\w+))\(/gm);
  return [...found].map(([, one = "", words = ""]) => [words.replaceAll("_", " "), one]);
}

/** As pytest's report names a file's cases. */
const moduleOf = (file: string) => file.replace(/\.py$/, "").replaceAll("/", ".");

interface Suite {
  readonly python: string;
  readonly folder: string;
  readonly files: readonly string[];
  readonly timeout: number;
}

async function runPytest(
  { python, folder, files, timeout }: Suite,
  environment: Readonly<Record<string, string>>,
): Promise<Outcomes> {
  const directory = await mkdtemp(join(tmpdir(), "topline-pytest-"));
  try {
    const report = join(directory, "report.xml");
    const plain = ["-q", "-p", "no:cacheprovider", "--tb=short", `--basetemp=${directory}/tmp`];
    const args = ["-B", "-m", "pytest", ...plain, `--junit-xml=${report}`, ...files];
    const env = { PATH: "/usr/bin:/bin", HOME: directory, ...environment };
    const said = await new Promise<string>((resolve) => {
      execFile(python, args, { cwd: folder, env, timeout }, (error, stdout, stderr) => {
        resolve(`${error?.message ?? ""}\n${stdout}\n${stderr}`);
      });
    });
    return outcomesOf(await readFile(report, "utf8").catch(() => expect.fail(said)));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

interface Case {
  readonly classname: string;
  readonly name: string;
  readonly failure?: readonly { readonly "#text": string }[];
  readonly error?: readonly { readonly "#text": string }[];
}

/** Of pytest's JUnit report: `test_x[parameters]` is a case of `test_x`. */
function outcomesOf(xml: string): Outcomes {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: "",
    isArray: (name) => ["testsuite", "testcase", "failure", "error"].includes(name),
  });
  const { testsuites } = parser.parse(xml) as {
    testsuites: { testsuite: { testcase?: Case[] }[] };
  };
  const outcomes = new Map<string, string[]>();
  for (const one of testsuites.testsuite.flatMap(({ testcase = [] }) => testcase)) {
    const name = `${one.classname}.${one.name.replace(/\[.*$/s, "")}`;
    const faults = [...(one.failure ?? []), ...(one.error ?? [])];
    const texts = faults.map((fault) => `${one.name}: ${fault["#text"]}`);
    outcomes.set(name, [...(outcomes.get(name) ?? []), ...texts]);
  }
  return outcomes;
}
