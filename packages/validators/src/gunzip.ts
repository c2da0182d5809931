import { once } from "node:events";
import { createGunzip } from "node:zlib";

/** Thrown where gzip is damaged; what could be read before it has been yielded. */
export class DamagedGzip extends Error {
  override readonly name = "DamagedGzip";
}

/**
 * Undoes gzip from its beginning, and yields all that is readable before a damage. A fault of `body` is
 * thrown on as it is.
 */
export async function* gunzipHead(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  const out: Uint8Array[] = [];
  let failure: Error | undefined;
  let isOver = false;
  let resume = () => {};
  gunzip.on("data", (chunk: Uint8Array) => out.push(chunk));
  gunzip.on("error", (error) => {
    failure ??= error;
    resume();
  });
  gunzip.on("end", () => {
    isOver = true;
    resume();
  });

  // zlib does not call back where it fails, nor where bytes follow the last member.
  const write = (piece: Uint8Array) =>
    new Promise<void>((resolve) => {
      resume = resolve;
      gunzip.write(piece, (error) => {
        failure ??= error ?? undefined;
        resolve();
      });
    });

  try {
    for await (const piece of pieces(body)) {
      await write(piece);
      yield* out.splice(0);
      if (failure !== undefined || isOver) break;
    }
    if (failure === undefined && !isOver) {
      gunzip.end();
      await once(gunzip, "close").catch((error: Error) => (failure ??= error));
      yield* out.splice(0);
    }
    if (failure !== undefined) throw new DamagedGzip(failure.message, { cause: failure });
  } finally {
    gunzip.destroy();
  }
}

/**
 * zlib drops what a write has decoded when the same write meets a damage, so the beginning, where a header
 * lies, goes in byte by byte.
 */
async function* pieces(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let consumed = 0;
  for await (const chunk of body) {
    for (let at = 0; at < chunk.length;) {
      const size = consumed < 2_048 ? 1 : 512;
      const piece = chunk.subarray(at, at + size);
      yield piece;
      at += piece.length;
      consumed += piece.length;
    }
  }
}
