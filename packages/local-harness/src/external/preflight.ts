import { missingTables, tableNames } from "@topline/aws-adapters/dynamodb";
import { bucketExists } from "@topline/aws-adapters/s3";
import { type ExternalTarget, met, type Requirement, unknown, unmet } from "./requirement.ts";

const BUCKET_FOR = "raw files, the zone, the archive";
const TABLES_FOR = "KPIs; lease, runs and cursor";

/** What is missing at the target, found by reading alone. Never throws: a service that does not answer is told too. */
export async function preflight(target: ExternalTarget): Promise<readonly Requirement[]> {
  const [bucket, tables] = await Promise.all([lookForBucket(target), lookForTables(target)]);
  return [bucket, ...tables];
}

async function lookForBucket({ s3, bucket }: ExternalTarget): Promise<Requirement> {
  const name = `bucket ${bucket}`;
  try {
    if (await bucketExists(s3, bucket)) return met(name, BUCKET_FOR);
    return unmet(name, BUCKET_FOR, `There is no bucket ${bucket}.`);
  } catch (error) {
    return unknown(name, BUCKET_FOR, error);
  }
}

async function lookForTables(target: ExternalTarget): Promise<readonly Requirement[]> {
  const names = tableNames(target);
  try {
    const missing = new Set(await missingTables(target.dynamo, target));
    return names.map((table) =>
      missing.has(table)
        ? unmet(`table ${table}`, TABLES_FOR, `There is no table ${table}.`)
        : met(`table ${table}`, TABLES_FOR),
    );
  } catch (error) {
    return [unknown(`tables ${names.join(", ")}`, TABLES_FOR, error)];
  }
}
