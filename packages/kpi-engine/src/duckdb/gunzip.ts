import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";

/** Gzip that is not whole: a member incomplete, a wrong CRC or size, or bytes after the last member. */
export class DamagedGzip extends Error {
  override readonly name = "DamagedGzip";
}

/**
 * Undoes gzip, members one after another included. Bytes come before the damage behind them shows.
 * @param size bytes of `body`, which tell whether anything follows the last member
 * @throws {DamagedGzip}; a fault of `body` as it is
 */
export async function* gunzip(
  body: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<Uint8Array> {
  const stream = createGunzip({ chunkSize: 256 * 1024 });
  // A fault of either side ends the stream, and is met where the stream is read.
  const feeding = pipeline(body, stream).catch(() => undefined);
  try {
    yield* stream as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (isZlibError(error)) throw new DamagedGzip(readable[error.code] ?? error.message);
    throw error;
  } finally {
    stream.destroy();
    await feeding;
  }
  const left = size - stream.bytesWritten;
  if (left > 0) throw new DamagedGzip(`${left} bytes follow the last member`);
}

const readable: Readonly<Record<string, string>> = {
  Z_BUF_ERROR: "its last member is incomplete",
  // Deno's zlib has taken the last member for the last, and comes to one more behind other bytes.
  ERR_STREAM_PUSH_AFTER_EOF: "bytes follow the last member",
};

function isZlibError(error: unknown): error is Error & { readonly code: string } {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "string" &&
    (error.code.startsWith("Z_") || error.code in readable)
  );
}
