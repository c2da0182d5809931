import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { unavailable } from "./unavailable.ts";

/**
 * Puts an object of the harness's own S3 into a folder, under the last part of its key.
 * @returns the file
 * @throws {ToplineError} `ENGINE_UNAVAILABLE`
 */
export async function fetchObject(url: string, s3: string, folder: string): Promise<string> {
  const [, bucket = "", key = ""] = /^s3[an]?:\/\/([^/]+)\/(.+)$/.exec(url) ?? [];
  const name = key.split("/").at(-1) ?? "";
  if (name === "" || name === "." || name === "..") {
    throw unavailable(`${JSON.stringify(url)} names no object: expected s3://bucket/key.`);
  }
  const path = [bucket, ...key.split("/")].map(encodeURIComponent).join("/");
  const answer = await fetch(`${s3}/${path}`).catch((error: unknown) => {
    throw unavailable(`${url} cannot be read: S3 at ${s3} does not answer: ${String(error)}.`);
  });
  if (!answer.ok || answer.body === null) {
    throw unavailable(`${url} cannot be read: S3 answered ${answer.status} ${await answer.text()}`);
  }
  await mkdir(folder, { recursive: true });
  const file = join(folder, name);
  await pipeline(Readable.fromWeb(answer.body), createWriteStream(file));
  return file;
}
