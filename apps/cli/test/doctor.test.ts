import { existsSync } from "node:fs";
import process from "node:process";
import { PROBES } from "@topline/local-harness/machine";
import { expect, test } from "vitest";
import { newState } from "./topline.ts";

interface Diagnosis {
  readonly name: string;
  readonly found: boolean;
  readonly version: string | null;
  readonly path: string | null;
  readonly needed_for: string;
  readonly remedy: string | null;
  readonly is_required: boolean;
}

test("doctor tells of a machine with Node alone what runs and what does not, and leaves no trace", async () => {
  await using state = await newState();
  const [words, json] = await Promise.all([
    state.topline("doctor"),
    state.topline("doctor", "--json"),
  ]);
  expect([words.code, json.code]).toEqual([0, 0]);
  expect(words.stderr).toBe("");

  const diagnoses = json.json<Diagnosis[]>();
  expect(diagnoses.map(({ name }) => name)).toEqual(PROBES);
  const required = diagnoses.filter(({ is_required }) => is_required);
  expect(required.map(({ name, found }) => `${name} ${found}`)).toEqual([
    "node true",
    "state true",
    "duckdb true",
    "dynoxide true",
  ]);
  expect(diagnoses.find(({ name }) => name === "node")?.version).toBe(process.versions.node);
  expect(diagnoses.find(({ name }) => name === "state")?.path).toBe(state.directory);
  for (const { name, found, remedy } of diagnoses) {
    expect(words.stdout).toMatch(new RegExp(`^${name} +${found ? "yes" : "no"} `, "m"));
    expect(words.stdout).toContain(remedy ?? name);
  }
  expect(words.stdout).toContain("Topline runs here.");
  expect(existsSync(state.directory)).toBe(false);
});

test("doctor asks for the DynamoDB that was chosen, and for none that was not", async () => {
  await using state = await newState({ TOPLINE_DYNAMODB: "dynamodb-local" });
  const { code, ...answer } = await state.topline("doctor", "--json");
  const required = answer.json<Diagnosis[]>().filter(({ is_required }) => is_required);
  expect(required.map(({ name }) => name)).toEqual(["node", "state", "duckdb", "dynamodb-local"]);
  expect(code).toBe(required.every(({ found }) => found) ? 0 : 1);
});

test("a choice that is none is wrong use", async () => {
  await using state = await newState({ TOPLINE_DYNAMODB: "moto" });
  const { code, stderr } = await state.topline("status");
  expect(code).toBe(2);
  expect(stderr).toContain('TOPLINE_DYNAMODB is "moto". Set it to dynoxide or dynamodb-local');
});

test("doctor exits with 1 where the default backend cannot run", async () => {
  await using state = await newState();
  const { code, stdout } = await state.topline("doctor", "--state", "/dev/null/state");
  expect(code).toBe(1);
  expect(stdout).toMatch(/^state +MISSING /m);
  expect(stdout).toContain("Topline cannot run here yet");
});
