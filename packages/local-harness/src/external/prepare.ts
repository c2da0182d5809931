import { createTables } from "@topline/aws-adapters/dynamodb";
import { ensureBucket } from "@topline/aws-adapters/s3";
import { tryConditions } from "./conditions.ts";
import { preflight } from "./preflight.ts";
import type { ExternalTarget, Requirement } from "./requirement.ts";

/**
 * Makes the bucket and the tables that are not there, and tries the conditions that S3 must honour. Changes
 * nothing about what is there but that it enables versioning where conditions need it.
 *
 * @returns what is met now and what is not
 */
export async function prepare(target: ExternalTarget): Promise<readonly Requirement[]> {
  const { s3, dynamo, bucket, prefix, tables } = target;
  // What could not be made is told by the look afterwards, with the service's reason.
  const made = await Promise.allSettled([
    ensureBucket(s3, bucket),
    createTables(dynamo, { prefix, tables }),
  ]);
  const found = await preflight(target);
  const told = found.map((requirement, at) => {
    if (requirement.met) return requirement;
    const outcome = at === 0 ? made[0] : made[1];
    return outcome.status === "rejected" && outcome.reason instanceof Error
      ? { ...requirement, remedy: outcome.reason.message }
      : requirement;
  });
  const [ofBucket] = told;
  return ofBucket?.met === true ? [...told, ...(await tryConditions(target))] : told;
}
