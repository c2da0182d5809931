// A process with writers that all want to create the same keys: for each key on stdin it says on stdout who did.
import process from "node:process";
import { createInterface } from "node:readline";
import { S3Client } from "@aws-sdk/client-s3";
import { contend, prepare } from "./crowd-contest.ts";

const [endpoint = "", bucket = "", member = "", writers = ""] = process.argv.slice(2);
const credentials = { accessKeyId: "topline", secretAccessKey: "topline" };
const client = new S3Client({
  endpoint,
  region: "us-east-1",
  credentials,
  forcePathStyle: true,
  maxAttempts: 1,
});
const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);

/** `prepare KEY` makes ready, `go` lets all writers loose. */
let ready: Awaited<ReturnType<typeof prepare>> = [];
for await (const line of createInterface({ input: process.stdin })) {
  const [order, key = ""] = line.split(" ");
  if (order === "prepare") {
    ready = await prepare(client, bucket, key, member, Number(writers));
    say("ready");
  } else {
    say(await contend(ready));
  }
}
client.destroy();
