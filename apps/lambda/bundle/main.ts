import { rm } from "node:fs/promises";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bundleFunctions } from "./functions.ts";
import { ARCHITECTURES, makeLayer } from "./layer.ts";
import { bytesIn } from "./size.ts";

/** `dist/bundle/` for all functions, and `dist/layer-<architecture>/` for those that need DuckDB. */

const own = process.arch === "x64" ? "x64" : "arm64";
const { values } = parseArgs({ options: { arch: { type: "string", default: own } } });
const architecture = ARCHITECTURES.find((one) => one === values.arch);
if (architecture === undefined) {
  console.error(`--arch is ${values.arch}; it must be one of ${ARCHITECTURES.join(", ")}.`);
  process.exit(2);
}
const dist = fileURLToPath(new URL("../dist", import.meta.url));
const folders = { bundle: `${dist}/bundle`, layer: `${dist}/layer-${architecture}` };
await rm(folders.bundle, { recursive: true, force: true });
await Promise.all([bundleFunctions(folders.bundle), makeLayer(folders.layer, architecture)]);
for (const folder of Object.values(folders)) {
  console.log(`${folder} ${((await bytesIn(folder)) / 1e6).toFixed(1)} MB`);
}
