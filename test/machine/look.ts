import process from "node:process";
import { type Finding, probe } from "../../packages/local-harness/src/machine/index.ts";
import { type Found, NEEDS, type Need } from "./need.ts";
import { pythonEnvironment } from "./python-environment.ts";

/** Looks at what this machine has for the suites, makes ready what has to be made, and prints a `Machine`. */

async function find(need: Need): Promise<Found> {
  const finding = await probe(need);
  if (!finding.found || finding.path === null) return { path: null, remedy: finding.remedy ?? "" };
  return need === "python" ? withPackages(finding) : { path: finding.path };
}

async function withPackages({ path, version }: Finding): Promise<Found> {
  try {
    const uv = await probe("uv");
    return { path: await pythonEnvironment({ path: path ?? "", version: version ?? "" }, uv.path) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { path: null, remedy: `The packages of test/python could not be installed: ${reason}` };
  }
}

const found = NEEDS.map(async (need) => [need, await find(need)] as const);
process.stdout.write(JSON.stringify(Object.fromEntries(await Promise.all(found))));
