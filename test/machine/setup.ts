import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import type { Machine } from "./need.ts";

const LOOK = fileURLToPath(new URL("./look.ts", import.meta.url));

let looked: Promise<Machine> | undefined;

/** Looks once at what the machine has, and tells every test file. */
export default async function setup(project: TestProject): Promise<void> {
  project.provide("machine", await (looked ??= look()));
}

/** By a process of its own: what it loads is TypeScript of the workspace, which vitest's setup does not resolve. */
async function look(): Promise<Machine> {
  const child = spawn(process.execPath, ["--conditions=@topline/source", LOOK], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "close")]);
  if (code !== 0) throw new Error(`Looking at the machine failed with exit code ${code}.`);
  return JSON.parse(output) as Machine;
}
