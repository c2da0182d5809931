import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type ObjectStore, ToplineError } from "@topline/core";

/**
 * Files of this machine as the objects that an engine reads, and a folder for those that it writes.
 * No conditions, no listing: it serves one session, and nobody else.
 */
export function localFiles(
  folder: string,
  inputs: ReadonlyMap<string, string>,
): Pick<ObjectStore, "get" | "put"> {
  const pathOf = (key: string) => inputs.get(key) ?? join(folder, key);
  return {
    async get(key) {
      const path = pathOf(key);
      const found = await stat(path).catch((cause: unknown) => {
        throw new ToplineError("OBJECT_NOT_FOUND", `There is no file ${path}.`, { cause });
      });
      const { size, mtime } = found;
      const etag = `"${createHash("sha256").update(`${path}\n${size}\n${mtime.getTime()}`).digest("hex")}"`;
      const body = createReadStream(path, { highWaterMark: 256 * 1024 });
      return { key, size, etag, lastModified: mtime, metadata: {}, body };
    },
    async put(key, body) {
      const path = pathOf(key);
      await mkdir(dirname(path), { recursive: true });
      await pipeline(body instanceof Uint8Array ? [body] : body, createWriteStream(path));
      return { etag: `"${key}"` };
    },
  };
}
