import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Cloud } from "../backends/index.ts";
import { startHarness } from "../backends/harness.ts";
import { denoItself, type Ran, runOnDeno } from "../example.ts";
import { describeNeeding } from "../needs.ts";

/** What the READMEs say of Deno: with these permissions the examples run, and with any one fewer they do not. */

const folderOf = (name: string) =>
  fileURLToPath(new URL(`../../packages/${name}`, import.meta.url));

interface Readme {
  /** Its TypeScript examples. */
  readonly examples: readonly string[];
  /** The flags of `deno run` under "On Deno". */
  readonly permissions: readonly string[];
}

async function readmeOf(name: string): Promise<Readme> {
  const readme = await readFile(`${folderOf(name)}/README.md`, "utf8");
  const examples = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = ""]) => code);
  const command = /^## On Deno\n.*?^deno run (.*?)\S+\.ts$/ms.exec(readme)?.[1];
  if (command === undefined) throw new Error(`The README of ${name} says nothing of Deno.`);
  return { examples, permissions: command.split(" ").filter(Boolean) };
}

/** A project that has the harness installed, as far as Node and Deno look. */
async function projectWithHarness(): Promise<string> {
  const project = await mkdtemp(join(tmpdir(), "topline-deno-"));
  const modules = join(project, "node_modules");
  await mkdir(join(modules, "@topline"), { recursive: true });
  await symlink(`${folderOf("local-harness")}/node_modules/@aws-sdk`, join(modules, "@aws-sdk"));
  await symlink(folderOf("local-harness"), join(modules, "@topline/local-harness"));
  await writeFile(join(project, "package.json"), "{}");
  return project;
}

describeNeeding(["deno"], "an example of a README on Deno", (paths) => {
  let deno = "";
  let cloud: Cloud;
  let project = "";

  beforeAll(async () => {
    deno = await denoItself(paths.deno);
    cloud = await startHarness("embedded");
    project = await projectWithHarness();
  });
  afterAll(async () => {
    await cloud[Symbol.asyncDispose]();
    await rm(project, { recursive: true, force: true, maxRetries: 20 });
  });

  function run(code: string, permissions: readonly string[], folder: string): Promise<Ran> {
    const env = {
      HOME: process.env["HOME"],
      PATH: `${dirname(deno)}:/bin`,
      AWS_ENDPOINT_URL_S3: cloud.s3,
      AWS_ENDPOINT_URL_DYNAMODB: cloud.dynamodb,
      AWS_REGION: cloud.region,
      AWS_ACCESS_KEY_ID: cloud.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: cloud.credentials.secretAccessKey,
    };
    return runOnDeno(deno, permissions, code, { folder, env });
  }

  test.for([
    ["core", "run-1"],
    ["validators", "-- streams: one row a record"],
    ["delta-log", "0 1n date=2024-06-25/r1.parquet"],
    ["kpi-engine", "2024-06-25 1. children 418"],
    ["aws-adapters", "raw-data/users.csv 10"],
    ["deployment", 'genre: "samba"'],
    ["local-harness", "hello"],
  ] as const)(
    "of %s runs with the permissions that are named, and with none fewer",
    async ([name, said]) => {
      const { examples, permissions } = await readmeOf(name);
      const [code = ""] = examples;
      const folder = name === "local-harness" ? project : folderOf(name);
      const { printed, complaint } = await run(code, permissions, folder);
      expect(complaint).toBeUndefined();
      expect(printed).toContain(said);
      for (const one of permissions) {
        const fewer = permissions.filter((other) => other !== one);
        const refused = await run(code, fewer, folder);
        expect(refused.complaint, `without ${one}`).toMatch(/Requires \w+ access/);
      }
    },
  );

  test("of the DynamoDB adapters runs with the same permissions", async () => {
    const { examples, permissions } = await readmeOf("aws-adapters");
    const { printed, complaint } = await run(
      examples[1] ?? "",
      permissions,
      folderOf("aws-adapters"),
    );
    expect(complaint).toBeUndefined();
    expect(printed).toContain("{ put: 1, deleted: 0, unchanged: 0 }");
  });
});
