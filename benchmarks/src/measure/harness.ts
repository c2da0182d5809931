import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

/** The process that serves a state. The harness's README says where its id is. */
export async function harnessProcess(state: string): Promise<number> {
  const record: unknown = JSON.parse(await readFile(join(state, "harness.json"), "utf8"));
  return z.object({ pid: z.int() }).parse(record).pid;
}
