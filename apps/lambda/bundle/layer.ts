import { execFile } from "node:child_process";
import { cp, mkdir, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";

export const ARCHITECTURES = ["arm64", "x64"] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

const DUCKDB = "@duckdb/node-api";

interface PackageFile {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/**
 * DuckDB as a layer for Lambda: `<folder>/nodejs/node_modules/…`. For a machine like this one it is what is installed
 * here; for another it comes from npm. Whatever is there is replaced.
 *
 * @param platform Lambda's, unless the layer is to be tried here
 */
export async function makeLayer(
  folder: string,
  architecture: Architecture,
  platform: string = "linux",
): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  const modules = join(folder, "nodejs/node_modules");
  await mkdir(modules, { recursive: true });
  const natives = `@duckdb/node-bindings-${platform}-${architecture}`;
  const here = createRequire(import.meta.url);
  const isHere = process.platform === platform && process.arch === architecture;
  if (isHere) await copyPackage(DUCKDB, here, modules, natives);
  else await installPackages(join(folder, "nodejs"), here, { architecture, platform });
}

/** With what it depends on, and of the natives the one that is asked for. */
async function copyPackage(
  name: string,
  from: NodeJS.Require,
  modules: string,
  natives: string,
): Promise<void> {
  const file = from.resolve(`${name}/package.json`);
  const to = join(modules, name);
  await cp(dirname(file), to, { recursive: true, dereference: true, filter: isNeeded });
  const { dependencies = {} } = JSON.parse(await readFile(file, "utf8")) as PackageFile;
  const further = Object.keys(dependencies);
  if (name === "@duckdb/node-bindings") further.push(natives);
  for (const other of further) await copyPackage(other, createRequire(file), modules, natives);
}

/** At run time. */
const isNeeded = (path: string) =>
  !/\.(d\.[cm]?ts|map|md)$|\/node_modules\/.*\/node_modules$/.test(path);

async function installPackages(
  folder: string,
  from: NodeJS.Require,
  { architecture, platform }: { readonly architecture: Architecture; readonly platform: string },
): Promise<void> {
  const file = from.resolve(`${DUCKDB}/package.json`);
  const { version } = JSON.parse(await readFile(file, "utf8")) as PackageFile;
  const machine = [`--os=${platform}`, `--cpu=${architecture}`, "--libc=glibc"];
  const quiet = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"];
  const what = `${DUCKDB}@${version}`;
  await promisify(execFile)("npm", ["install", "--prefix", folder, ...machine, ...quiet, what]);
}
