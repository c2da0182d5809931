import { createTables } from "@topline/aws-adapters/dynamodb";
import { ensureBucket } from "@topline/aws-adapters/s3";
import { tryConditions } from "./conditions.ts";
import { preflight, reasonOf } from "./preflight.ts";
import { type ExternalTarget, met, type Requirement, unmet } from "./requirement.ts";

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
  for (const { name, met: isMet, needed_for: neededFor, remedy } of await preflight(target)) {
    // Why it could not be made says more than that it is not there.
    const fault = found.length === 0 ? ofBucket : ofTables;
    const reason = fault ?? remedy ?? "";
    found.push(isMet ? met(name, neededFor) : unmet(name, neededFor, reason));
  }
  return found[0]?.met === true ? [...found, ...(await tryConditions(target))] : found;
}

const faultOf = (making: Promise<unknown>): Promise<string | undefined> =>
  making.then(() => undefined, reasonOf);
