// Adds up what the runners counted: `count.mjs <failed stages> [<runtime>=]<vitest report>…`.
// A test that several reports tell of counts once: as failed if it failed in any of them, as skipped only if it ran in
// none. On a runtime that is named, such as Deno, it is a test of its own. A stage that failed without a failed test of
// its own counts as one failure, and so does a runner that left no report. With TOPLINE_REQUIRE_ALL=1 a skipped test is
// a failure of the run. Every failed test is named once more at the end, with the first line of why.
import { existsSync, readFileSync } from "node:fs";
import { argv, cwd, env, exit } from "node:process";

const [, , failedStages, ...reports] = argv;
const RANK = { skipped: 0, passed: 1, failed: 2 };
const outcomes = new Map();
const reasons = new Map();
let lost = 0;
for (const report of reports) {
  const [, runtime = "", path] = /^(?:(\w+)=)?(.*)$/.exec(report);
  const on = runtime === "" ? "" : `${runtime}: `;
  if (!existsSync(path)) {
    console.log(`There is no report ${path}.`);
    lost += 1;
    continue;
  }
  for (const file of JSON.parse(readFileSync(path, "utf8")).testResults) {
    if (file.assertionResults.length === 0 && file.status === "failed") {
      outcomes.set(`${on}${file.name}`, "failed");
      reasons.set(`${on}${file.name}`, file.message);
    }
    // Tests of one name in one file are told apart by their order.
    const seen = new Map();
    for (const { fullName, status, failureMessages } of file.assertionResults) {
      const turn = seen.get(fullName) ?? 0;
      seen.set(fullName, turn + 1);
      const test = `${on}${file.name}\n${fullName}\n${turn}`;
      const outcome = status === "passed" || status === "failed" ? status : "skipped";
      const before = outcomes.get(test) ?? "skipped";
      outcomes.set(test, RANK[outcome] > RANK[before] ? outcome : before);
      if (outcome === "failed") reasons.set(test, failureMessages?.[0]);
    }
  }
}

const MOST_NAMED = 40;
const label = (test) => test.split("\n").slice(0, 2).join(": ").replace(`${cwd()}/`, "");
const firstLine = (message) => message?.trim().split("\n", 1)[0].slice(0, 300) ?? "";

const count = (outcome) =>
  outcomes
    .values()
    .filter((found) => found === outcome)
    .toArray().length;
const passed = count("passed");
const skipped = count("skipped");
const stages = Number(failedStages);
let failed = count("failed") + lost;
if (failed === 0) failed = stages;
if (passed === 0 && failed === 0) failed = 1;
const isIncomplete = skipped > 0 && env.TOPLINE_REQUIRE_ALL === "1";
if (isIncomplete) {
  console.log("Tests were skipped, and TOPLINE_REQUIRE_ALL=1 wants all of them:");
  for (const [test, outcome] of outcomes) {
    if (outcome === "skipped") console.log(`  ${label(test)}`);
  }
}
const failures = outcomes.entries().filter(([, outcome]) => outcome === "failed");
for (const [test] of failures.take(MOST_NAMED)) {
  console.log(`FAILED: ${label(test)}\n  ${firstLine(reasons.get(test))}`);
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
exit(failed > 0 || stages > 0 || isIncomplete ? 1 : 0);
