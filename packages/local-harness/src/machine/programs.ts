import { join } from "node:path";
import { type Finding, lacking, type Machine, present, type ProbeName } from "./finding.ts";
import { ask, findProgram, isAtLeast, isProgram } from "./program.ts";

/** A program that tells its version when it is asked. */
export interface ProgramSpec {
  readonly name: ProbeName;
  readonly needed_for: string;
  readonly names: readonly string[];
  /** An environment variable that names the program's file; set, nothing else is looked at. */
  readonly variable?: string;
  /** An environment variable that names a folder with the program in `bin/`. */
  readonly home?: string;
  /** Files to look at when none is on PATH. */
  readonly places?: readonly string[];
  readonly args: readonly string[];
  readonly version: RegExp;
  readonly least?: string;
  readonly remedy: string;
}

export const JAVA: ProgramSpec = {
  name: "java",
  needed_for: "Spark: the Glue job on this machine; DynamoDB Local",
  names: ["java"],
  home: "JAVA_HOME",
  args: ["-version"],
  version: /version "(?:1\.)?([0-9][^"]*)"/,
  least: "17",
  remedy:
    "Install Java 17 or later (Debian: apt-get install openjdk-17-jre-headless), or set JAVA_HOME.",
};

export const MAVEN: ProgramSpec = {
  name: "maven",
  needed_for: "fetching the JARs that Spark needs for S3 and Delta Lake",
  names: ["mvn"],
  args: ["-version"],
  version: /Apache Maven ([0-9][^\s]*)/,
  remedy: "Install Maven (Debian: apt-get install maven).",
};

export const UV: ProgramSpec = {
  name: "uv",
  needed_for: "making the Python environments of Spark and Airflow, quickly",
  names: ["uv"],
  args: ["--version"],
  version: /^uv ([0-9][^\s]*)/,
  remedy: "Install uv: pip install uv.",
};

export const CHROMIUM: ProgramSpec = {
  name: "chromium",
  needed_for: "the dashboard's tests in a browser",
  names: ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
  variable: "CHROMIUM_PATH",
  places: [
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  ],
  args: ["--version"],
  version: /(?:Chromium|Google Chrome)[^0-9\n]* ([0-9][^\s]*)/,
  remedy:
    "Install Chromium (Debian: apt-get install chromium), or name a browser's file in CHROMIUM_PATH.",
};

export const DENO: ProgramSpec = {
  name: "deno",
  needed_for: "trying the packages on Deno",
  names: ["deno"],
  variable: "TOPLINE_DENO",
  args: ["--version"],
  version: /^deno ([0-9][^\s]*)/,
  least: "2",
  remedy: "Install Deno 2 or later (npm install --global deno), or name its file in TOPLINE_DENO.",
};

/** Looks for the program, asks it for its version, and compares. */
export async function probeProgram(spec: ProgramSpec, machine: Machine): Promise<Finding> {
  const { least, remedy } = spec;
  const path = await locate(spec, machine);
  if (path === undefined) return lacking(spec, `${absence(spec, machine)} ${remedy}`);
  const answer = await ask(path, spec.args, machine);
  const version = spec.version.exec(answer.text)?.[1] ?? null;
  const there = { version, path };
  if (!answer.ok) return lacking(spec, `${path} does not work: ${told(answer)}. ${remedy}`, there);
  if (version === null) {
    return lacking(spec, `${path} tells no version: ${told(answer)}. ${remedy}`, there);
  }
  if (least !== undefined && !isAtLeast(version, least)) {
    return lacking(spec, `${version} is too old. ${remedy}`, there);
  }
  return present(spec, there);
}

function absence({ variable, names }: ProgramSpec, { env }: Machine): string {
  const named = variable === undefined ? "" : (env[variable] ?? "");
  if (named !== "") return `${variable} names ${named}, which is no program.`;
  return `There is no ${names.join(" or ")} on PATH.`;
}

async function locate(spec: ProgramSpec, machine: Machine): Promise<string | undefined> {
  const named = spec.variable === undefined ? "" : (machine.env[spec.variable] ?? "");
  if (named !== "") return (await isProgram(named)) ? named : undefined;
  const home = spec.home === undefined ? "" : (machine.env[spec.home] ?? "");
  const homes = home === "" ? [] : spec.names.map((name) => join(home, "bin", name));
  for (const path of homes) if (await isProgram(path)) return path;
  const onPath = await findProgram(spec.names, machine);
  if (onPath !== undefined) return onPath;
  for (const path of spec.places ?? []) if (await isProgram(path)) return path;
  return undefined;
}

/** The first line of what a program said, or how it ended. */
export function told({ ok, text, end }: { ok: boolean; text: string; end: string }): string {
  const line = text.split("\n")[0]?.trim() ?? "";
  if (line === "") return end;
  const short = line.length > 200 ? `${line.slice(0, 199)}…` : line;
  return ok ? short : `${end}: ${short}`;
}
