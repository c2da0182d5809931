import process from "node:process";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { type HarnessBackend, openHarness } from "@topline/local-harness";

/**
 * A process that opens a harness, puts the first object, makes the first table, tells how long that took as one line
 * of JSON, and holds the harness until its stdin ends. Arguments: backend, state directory.
 */

/** What the line says. Milliseconds from the call of `openHarness`, with all modules loaded before. */
export interface Opened {
  /** Until it resolved: both servers answer, and the bucket exists. */
  readonly open_ms: number;
  /** Until PutObject and CreateTable were answered, by clients of the SDK that had never called before. */
  readonly usable_ms: number;
  /** What finds the containers. */
  readonly label: string | null;
}

const [, , backend, stateDirectory = ""] = process.argv;

const began = performance.now();
await using harness = await openHarness({ stateDirectory, backend: backend as HarnessBackend });
const open_ms = performance.now() - began;

const { s3: endpoint, dynamodb, bucket, region, accessKeyId, secretAccessKey } = harness.endpoints;
const identity = { region, credentials: { accessKeyId, secretAccessKey } };
const s3 = new S3Client({ ...identity, endpoint, forcePathStyle: true });
const dynamo = new DynamoDBClient({ ...identity, endpoint: dynamodb });
await Promise.all([
  s3.send(new PutObjectCommand({ Bucket: bucket, Key: "first", Body: "hello" })),
  dynamo.send(
    new CreateTableCommand({
      TableName: "first",
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      BillingMode: "PAY_PER_REQUEST",
    }),
  ),
]);
const opened: Opened = {
  open_ms,
  usable_ms: performance.now() - began,
  label: harness.containers?.label ?? null,
};
console.log(JSON.stringify(opened));
s3.destroy();
dynamo.destroy();
for await (const _ of process.stdin);
