import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { planSchema, type Plan } from "@topline/core";

const folder = fileURLToPath(new URL("..", import.meta.url));

/** Runs TypeScript in this package's folder, as the README says. */
async function run(code: string): Promise<string> {
  const flags = ["--conditions=@topline/source", "--input-type=module-typescript", "--eval", code];
  return (await promisify(execFile)(execPath, flags, { cwd: folder })).stdout;
}

async function blocks(): Promise<string[]> {
  const text = await readFile(`${folder}/README.md`, "utf8");
  return [...text.matchAll(/```\w*\n([\s\S]*?)```/g)].map(([, block = ""]) => block);
}

test("the README's five lines print what it says", async () => {
  const [code = "", output] = await blocks();
  expect(output).toContain("children 418");
  expect(await run(code)).toBe(output);
});

test("the README's own KPI is a valid plan", async () => {
  const code = (await blocks()).at(-1) ?? "";
  const whole = `import { buildPlan } from "@topline/kpi-engine";\n${code}\nconsole.log(JSON.stringify(plan));`;
  const plan: Plan = planSchema.parse(JSON.parse(await run(whole)));
  expect(plan.tables.map(({ name }) => name)).toContain("DAILY_LISTENERS");
});
