// A process that runs the S3 server over a directory: says where, then serves until its stdin ends.
import process from "node:process";
import { startS3Server } from "../src/s3-server/index.ts";

const server = await startS3Server({ directory: process.argv[2] ?? "" });
process.stdout.write(`${JSON.stringify({ endpoint: server.endpoint })}\n`);
process.stdin.resume().on("end", () => {
  void server.close().then(() => process.stdin.destroy());
});
