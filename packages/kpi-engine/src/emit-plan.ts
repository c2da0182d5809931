import { writeFile } from "node:fs/promises";
import { buildPlan } from "./plan.ts";

/** Writes the plan beside the built code, for engines that are not JavaScript. Part of the build. */
await writeFile(
  new URL("./plan.json", import.meta.url),
  `${JSON.stringify(buildPlan(), undefined, 2)}\n`,
);
