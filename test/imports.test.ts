import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

/**
 * Arrows between packages point one way. What a package may import of the others is here; what it may import
 * from outside is its package.json.
 */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  validators: ["core"],
  "kpi-engine": ["core", "validators"],
  "delta-log": ["core"],
  "aws-adapters": ["core"],
  deployment: ["core", "validators", "kpi-engine", "delta-log", "aws-adapters"],
  "local-harness": ["core", "validators", "kpi-engine", "delta-log", "aws-adapters"],
};

const root = new URL("..", import.meta.url).pathname;

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.includes("node_modules"))
    .filter((name) => !name.endsWith(".test.ts"))
    .map((name) => join(folder, name));
}

/** Every module that a file names, wherever it names it. */
function imports(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  const statements = text.matchAll(/^(?:import|export)\s(?:[^;"]*\sfrom\s)?\s*"([^"]+)";/gm);
  const calls = text.matchAll(/\bimport\(\s*"([^"]+)"\s*\)/g);
  return [...statements, ...calls].map(([, name]) => name ?? "");
}

const packageOf = (name: string) =>
  name.startsWith("@") ? name.split("/").slice(0, 2).join("/") : (name.split("/")[0] ?? "");

interface PackageFile {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function declared(folder: string): Set<string> {
  const file = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as PackageFile;
  const { dependencies, peerDependencies, optionalDependencies } = file;
  return new Set(Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies }));
}

test("the list names every package there is", () => {
  expect(readdirSync(join(root, "packages")).sort()).toEqual(Object.keys(ALLOWED).sort());
});

test.each(Object.entries(ALLOWED))("%s imports only what lies below it", (name, allowed) => {
  const folder = `packages/${name}`;
  const files = sources(`${folder}/src`);
  expect(files.length).toBeGreaterThan(0);
  const foreign = files.flatMap((file) =>
    imports(file)
      .map(packageOf)
      .filter((other) => other.startsWith("@topline/"))
      .filter((other) => !allowed.includes(other.slice("@topline/".length)))
      .filter((other) => other !== `@topline/${name}`)
      .map((other) => `${file} imports ${other}`),
  );
  expect(foreign).toEqual([]);
});

test.each([...Object.keys(ALLOWED).map((name) => `packages/${name}`), "apps/cli", "apps/lambda"])(
  "%s imports from outside only what its package.json declares",
  (folder) => {
    const known = declared(folder);
    const undeclared = sources(`${folder}/src`).flatMap((file) =>
      imports(file)
        .filter((name) => !name.startsWith(".") && !name.startsWith("node:"))
        .map(packageOf)
        .filter((name) => !known.has(name) && `@topline/${folder.split("/")[1]}` !== name)
        .map((name) => `${file} imports ${name}`),
    );
    expect(undeclared).toEqual([]);
  },
);

test("no package reaches into another one's files", () => {
  const reaching = sources("packages").flatMap((file) =>
    imports(file)
      .filter((name) => /^(\.\.\/)+(packages|apps)\//.test(name))
      .map((name) => `${file} imports ${name}`),
  );
  expect(reaching).toEqual([]);
});

test("core does no I/O and names no vendor", () => {
  const banned = /^node:(fs|net|http|https|child_process|dns|os|process)|aws|duckdb/;
  const found = sources("packages/core/src").flatMap((file) =>
    imports(file)
      .filter((name) => banned.test(name))
      .map((name) => `${file} imports ${name}`),
  );
  expect(found).toEqual([]);
});
