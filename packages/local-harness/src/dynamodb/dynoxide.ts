import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { dynoxideBinary } from "./binary.ts";
import { answersListTables } from "./ready.ts";
import { type DynamoServer, serveByChild, type StartDynamoOptions } from "./served-by-child.ts";

/** Its tables, in the directory. */
export const DYNOXIDE_FILE = "dynamodb.sqlite";

/**
 * Starts the native emulator and waits until it answers.
 *
 * @throws {ToplineError} `HARNESS_UNAVAILABLE`: no binary for this platform, the port is taken, or it
 * did not come up; with what it wrote
 */
export async function startDynoxide({
  directory,
  port,
}: StartDynamoOptions): Promise<DynamoServer> {
  const program = dynoxideBinary();
  await mkdir(directory, { recursive: true });
  const path = join(directory, DYNOXIDE_FILE);
  return serveByChild(
    {
      where: path,
      program,
      args: (port) => ["serve", "--host", "127.0.0.1", "--port", String(port), "--db-path", path],
      readyMs: 10_000,
      async answers(child, endpoint, signal) {
        // What answers on the port is this child only if it says that it listens.
        if (!(await child.wrote(`listening on ${endpoint}`))) return false;
        await answersListTables(endpoint, signal);
        return true;
      },
      isPortTaken: (output) => output.includes("already in use"),
    },
    port,
  );
}
