// A process that uses a harness: says its endpoints, then holds on until its stdin ends or says `end`.
import process from "node:process";
import { openHarness, type OpenHarnessOptions } from "../src/harness/index.ts";
import { openHarnessBy } from "../src/harness/open.ts";

const [stateDirectory = "", daemon = "", more = "{}"] = process.argv.slice(2);
const options: OpenHarnessOptions = { stateDirectory, ...(JSON.parse(more) as object) };
const harness =
  daemon === "" ? await openHarness(options) : await openHarnessBy(new URL(daemon), options);
process.stdout.write(`${JSON.stringify(harness.endpoints)}\n`);
void harness.lost.then((fault) => {
  process.stdout.write(`${JSON.stringify({ lost: fault.code })}\n`);
  process.exit(3);
});
process.stdin.resume().on("end", () => {
  void harness[Symbol.asyncDispose]().then(() => process.stdin.destroy());
});
