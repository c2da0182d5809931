import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import process from "node:process";
import { stripVTControlCharacters } from "node:util";
import type { Machine } from "./finding.ts";

/** What a program said before it ended. */
export interface Answer {
  /** It ended by itself, in time, with exit code 0. */
  readonly ok: boolean;
  /** stdout, then stderr, without colours. */
  readonly text: string;
  /** Why not ok: `exit code 1`, `no answer within 10 s`. */
  readonly end: string;
}

/** The first file of one of these names on PATH that may be executed. */
export async function findProgram(
  names: readonly string[],
  { env, platform }: Pick<Machine, "env" | "platform">,
): Promise<string | undefined> {
  const suffix = platform.startsWith("win32") ? ".exe" : "";
  const folders = (env["PATH"] ?? env["Path"] ?? "").split(delimiter).filter(Boolean);
  for (const name of names) {
    for (const folder of folders) {
      const path = join(folder, name + suffix);
      if (await isProgram(path)) return path;
    }
  }
  return undefined;
}

export async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** More than any program needs to tell its version. */
const LONGEST = 64_000;

/** Asks a program, and ends it with all that it started if it does not answer in time. Never throws. */
export function ask(
  path: string,
  args: readonly string[],
  { env, timeoutMs, signal }: Pick<Machine, "env" | "timeoutMs" | "signal">,
): Promise<Answer> {
  return new Promise((resolve) => {
    const child = spawn(path, args, {
      env: { ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: HAS_GROUPS,
    });
    let stdout = "";
    let stderr = "";
    const settle = (end: string, ok = false) => {
      clearTimeout(patience);
      signal?.removeEventListener("abort", onCancel);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ ok, text: stripVTControlCharacters(`${stdout}\n${stderr}`).trim(), end });
    };
    const giveUp = (why: string) => {
      endGroup(child);
      settle(why);
    };
    const onCancel = () => giveUp("cancelled");
    const patience = setTimeout(giveUp, timeoutMs, `no answer within ${timeoutMs / 1000} s`);
    signal?.addEventListener("abort", onCancel, { once: true });
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (stdout.length < LONGEST) stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (stderr.length < LONGEST) stderr += text;
    });
    child.on("error", (error) => settle(error.message));
    child.on("close", (code, by) => settle(by ?? `exit code ${code}`, code === 0));
    if (signal?.aborted === true) onCancel();
  });
}

const HAS_GROUPS = process.platform !== "win32";

function endGroup(child: ChildProcess): void {
  try {
    if (HAS_GROUPS && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    else child.kill("SIGKILL");
  } catch {
    // It has just ended.
  }
}

/** `17.0.15` is at least `17`; numbers are compared part by part. */
export function isAtLeast(version: string, least: string): boolean {
  const parts = version.split(/[^0-9]+/).map(Number);
  for (const [i, wanted] of least.split(".").map(Number).entries()) {
    const part = parts[i] ?? 0;
    if (part !== wanted) return part > wanted;
  }
  return true;
}
