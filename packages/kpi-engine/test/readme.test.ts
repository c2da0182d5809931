import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { planSchema, type Plan } from "@topline/core";
import { runExample } from "../../../test/example.ts";

const folder = fileURLToPath(new URL("..", import.meta.url));

const run = (code: string) => runExample(code, { folder });

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
  const code = (await blocks()).findLast((block) => block.includes("buildPlan(")) ?? "";
  const whole = `import { buildPlan } from "@topline/kpi-engine";\n${code}\nconsole.log(JSON.stringify(plan));`;
  const plan: Plan = planSchema.parse(JSON.parse(await run(whole)));
  expect(plan.tables.map(({ name }) => name)).toContain("DAILY_LISTENERS");
});
