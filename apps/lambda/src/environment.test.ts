import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { loadConfig } from "./environment.ts";

async function fileOf(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "topline-lambda-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "config.json");
  await writeFile(file, text);
  return file;
}

test("without a file and variables, the configuration is the default", async () => {
  expect(await loadConfig({})).toMatchObject({ bucket: "topline", tablePrefix: "", kpis: [] });
});

test("the environment's variables stand over the file", async () => {
  const file = await fileOf('{ "bucket": "from-file", "tablePrefix": "a-", "leaseSeconds": 60 }');
  const env = {
    TOPLINE_CONFIG_FILE: file,
    TOPLINE_BUCKET: "from-env",
    TOPLINE_TABLE_PREFIX: "",
    TOPLINE_MEMORY_LIMIT: "512MB",
  };
  expect(await loadConfig(env)).toMatchObject({
    bucket: "from-env",
    tablePrefix: "a-",
    leaseSeconds: 60,
    memoryLimit: "512MB",
  });
});

test("a file that is named must be there, and be a configuration", async () => {
  const load = async (text: string) => loadConfig({ TOPLINE_CONFIG_FILE: await fileOf(text) });
  const refusal = (text: string) => ({
    code: "CONFIG_INVALID",
    message: expect.stringContaining(text),
  });
  await expect(loadConfig({ TOPLINE_CONFIG_FILE: "/nowhere.json" })).rejects.toMatchObject(
    refusal("/nowhere.json cannot be read"),
  );
  await expect(load("{")).rejects.toMatchObject(refusal("is no JSON"));
  await expect(load("[]")).rejects.toMatchObject(refusal("holds no JSON object"));
  await expect(load('{ "buckets": "a" }')).rejects.toMatchObject(refusal("buckets"));
});

test("a variable that is wrong is told by the name of its field", async () => {
  await expect(loadConfig({ TOPLINE_MEMORY_LIMIT: "lots" })).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("memoryLimit of the environment"),
  });
});
