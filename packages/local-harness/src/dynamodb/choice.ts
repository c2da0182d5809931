import { existsSync } from "node:fs";
import { join } from "node:path";
import { dynoxideBinary } from "./binary.ts";
import { DYNAMODB_LOCAL_FILE, dynamoDbLocalPackage, startDynamoDbLocal } from "./dynamodb-local.ts";
import { EMBEDDED_DYNAMODBS, type EmbeddedDynamo } from "./kinds.ts";
import { DYNOXIDE_FILE, startDynoxide } from "./dynoxide.ts";
import { type DynamoServer, type StartDynamoOptions, unavailable } from "./served-by-child.ts";

const STARTERS: Readonly<
  Record<EmbeddedDynamo, (options: StartDynamoOptions) => Promise<DynamoServer>>
> = { dynoxide: startDynoxide, "dynamodb-local": startDynamoDbLocal };

const FILES: Readonly<Record<EmbeddedDynamo, string>> = {
  dynoxide: DYNOXIDE_FILE,
  "dynamodb-local": DYNAMODB_LOCAL_FILE,
};

/**
 * The server as chosen; else the one whose tables lie in the directory; else dynoxide, and DynamoDB Local where
 * the platform has no dynoxide.
 *
 * @throws {ToplineError} `HARNESS_UNAVAILABLE`: it does not come up, the directory holds the tables of the other
 * one, or there is neither; names the choices
 */
export async function startEmbeddedDynamo(
  options: StartDynamoOptions,
  chosen?: EmbeddedDynamo,
): Promise<DynamoServer & { readonly kind: EmbeddedDynamo }> {
  const present = EMBEDDED_DYNAMODBS.find((one) => existsSync(join(options.directory, FILES[one])));
  if (chosen !== undefined && present !== undefined && chosen !== present) {
    throw unavailable(
      `${chosen} was asked for, but ${options.directory} holds the tables of ${present}, which it cannot read. Set TOPLINE_DYNAMODB=${present}, or name another state directory.`,
    );
  }
  const kind = chosen ?? present ?? available();
  return { ...(await STARTERS[kind](options)), kind };
}

/** The first that is installed. */
export function available(
  look: Readonly<Record<EmbeddedDynamo, () => unknown>> = {
    dynoxide: dynoxideBinary,
    "dynamodb-local": dynamoDbLocalPackage,
  },
): EmbeddedDynamo {
  const faults: unknown[] = [];
  for (const name of EMBEDDED_DYNAMODBS) {
    try {
      look[name]();
      return name;
    } catch (error) {
      faults.push(error);
    }
  }
  throw faults[0];
}
