import { createTables } from "@topline/aws-adapters/dynamodb";
import { ensureBucket } from "@topline/aws-adapters/s3";
import { tryConditions } from "./conditions.ts";
import { preflight } from "./preflight.ts";
import { type ExternalTarget, type Requirement, unknown } from "./requirement.ts";

/**
 * Makes the bucket and the tables that are not there, and tries the conditions that S3 must honour. Changes
 * nothing about what is there but that it enables versioning where conditions need it.
 *
 * @returns what is met now and what is not
 */
export async function prepare(target: ExternalTarget): Promise<readonly Requirement[]> {
  const { s3, dynamo, bucket, prefix, tables } = target;
  const [ofBucket, ofTables] = await Promise.all([
    faultOf(ensureBucket(s3, bucket)),
    faultOf(createTables(dynamo, { prefix, tables })),
  ]);
  const found: Requirement[] = [];
  for (const requirement of await preflight(target)) {
    const { name, met, needed_for: neededFor } = requirement;
    // Why it could not be made says more than that it is not there.
    const fault = found.length === 0 ? ofBucket : ofTables;
    found.push(met || fault === undefined ? requirement : unknown(name, neededFor, fault.error));
  }
  return found[0]?.met === true ? [...found, ...(await tryConditions(target))] : found;
}

const faultOf = (making: Promise<unknown>): Promise<{ readonly error: unknown } | undefined> =>
  making.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
