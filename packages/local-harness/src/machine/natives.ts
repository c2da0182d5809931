import { dynoxideBinary } from "../dynamodb/binary.ts";
import { type Finding, lacking, type Machine, present } from "./finding.ts";
import { ask } from "./program.ts";
import { told } from "./programs.ts";

const DUCKDB = { name: "duckdb", needed_for: "every run: the engine" } as const;
const DYNOXIDE = {
  name: "dynoxide",
  needed_for: "the embedded backend (default): DynamoDB on this machine",
} as const;
const REINSTALL =
  "Install again on this platform, with optional dependencies (pnpm install --force).";

/** The engine's native library: loaded as the engine loads it. */
export async function probeDuckDb(): Promise<Finding> {
  try {
    const { version } = await import("@duckdb/node-api");
    return present(DUCKDB, { version: version().replace(/^v/, "") });
  } catch (error) {
    return lacking(DUCKDB, `Its native library cannot be loaded: ${reason(error)}. ${REINSTALL}`);
  }
}

/** The embedded DynamoDB's executable. */
export async function probeDynoxide(machine: Machine): Promise<Finding> {
  try {
    const path = dynoxideBinary(machine.platform);
    const answer = await ask(path, ["--version"], machine);
    const version = /^dynoxide ([0-9][^\s]*)/.exec(answer.text)?.[1] ?? null;
    const there = { version, path };
    if (answer.ok && version !== null) return present(DYNOXIDE, there);
    return lacking(DYNOXIDE, `${path} does not work: ${told(answer)}. ${REINSTALL}`, there);
  } catch (error) {
    return lacking(DYNOXIDE, reason(error));
  }
}

const reason = (error: unknown) => (error instanceof Error ? error.message : String(error));
