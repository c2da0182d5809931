// Adds up what the runners counted: `count.mjs <failed stages> <vitest report>`.
// A stage that failed without a failed test of its own counts as one failure, and so does a runner that left
// no report. With TOPLINE_REQUIRE_ALL=1 a skipped test is a failure of the run.
import { existsSync, readFileSync } from "node:fs";
import { argv, env, exit } from "node:process";

const [, , failedStages, ...reports] = argv;
let passed = 0;
let failed = 0;
let skipped = 0;
for (const path of reports) {
  if (!existsSync(path)) {
    failed += 1;
    continue;
  }
  const report = JSON.parse(readFileSync(path, "utf8"));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  skipped += report.numPendingTests + report.numTodoTests;
}
const stages = Number(failedStages);
if (stages > 0 && failed === 0) failed = stages;
if (passed === 0 && failed === 0) failed = 1;
const isIncomplete = skipped > 0 && env.TOPLINE_REQUIRE_ALL === "1";
if (isIncomplete) console.log("Tests were skipped, and TOPLINE_REQUIRE_ALL=1 wants all of them.");
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
exit(failed > 0 || stages > 0 || isIncomplete ? 1 : 0);
