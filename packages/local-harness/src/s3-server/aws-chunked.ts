import { Buffer } from "node:buffer";
import { S3Error } from "./errors.ts";

/**
 * Undoes `aws-chunked`: `<hex size>[;chunk-signature=…]CRLF <bytes> CRLF`, a chunk of size 0 at the end, then
 * trailers. Signed and unsigned bodies differ in the signatures alone, and those are not checked.
 *
 * @param trailers receives the trailers, names in lower case
 */
export async function* decodeAwsChunked(
  body: AsyncIterable<Uint8Array>,
  trailers: Map<string, string>,
): AsyncGenerator<Uint8Array> {
  const source = body[Symbol.asyncIterator]();
  const reader = new LineReader(source);
  try {
    for (;;) {
      let left = chunkSize(await reader.line());
      if (left === 0) break;
      while (left > 0) {
        const bytes = await reader.bytes(left);
        left -= bytes.byteLength;
        yield bytes;
      }
      if ((await reader.line()) !== "") throw malformed("a chunk is longer than its size");
    }
    await readTrailers(reader, trailers);
  } finally {
    await source.return?.();
  }
}

async function readTrailers(reader: LineReader, trailers: Map<string, string>): Promise<void> {
  while (!(await reader.isAtEnd())) {
    const line = await reader.line();
    // Some clients put an empty line between the checksum and the signature.
    if (line === "") continue;
    const colon = line.indexOf(":");
    if (colon < 1) throw new S3Error("MalformedTrailerError");
    trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
}

function chunkSize(line: string): number {
  const [size = ""] = line.split(";", 1);
  if (!/^[0-9a-fA-F]{1,12}$/.test(size)) throw malformed(`"${line.slice(0, 40)}" is no chunk size`);
  return Number.parseInt(size, 16);
}

const malformed = (why: string) =>
  new S3Error("InvalidRequest", {}, `The aws-chunked body is malformed: ${why}.`);

const LF = 0x0a;
/** Longer than any chunk header or trailer that S3 defines. */
const LONGEST_LINE = 8192;

class LineReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(source: AsyncIterator<Uint8Array>) {
    this.#source = source;
  }

  async isAtEnd(): Promise<boolean> {
    return this.#rest.byteLength === 0 && !(await this.#fill());
  }

  /** At most `limit` bytes, at least one. */
  async bytes(limit: number): Promise<Uint8Array> {
    if (await this.isAtEnd()) throw new S3Error("IncompleteBody");
    return this.#take(Math.min(limit, this.#rest.byteLength));
  }

  /** Without its CRLF. */
  async line(): Promise<string> {
    let line = "";
    for (;;) {
      if (await this.isAtEnd()) throw new S3Error("IncompleteBody");
      const end = this.#rest.indexOf(LF);
      const bytes = this.#take(end < 0 ? this.#rest.byteLength : end + 1);
      line += Buffer.from(bytes).toString("latin1");
      if (line.length > LONGEST_LINE) throw malformed("a line has no end");
      if (end >= 0) return line.replace(/\r?\n$/, "");
    }
  }

  #take(count: number): Uint8Array {
    const taken = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(count);
    return taken;
  }

  async #fill(): Promise<boolean> {
    for (;;) {
      const next = await this.#source.next();
      if (next.done === true) return false;
      this.#rest = next.value;
      if (next.value.byteLength > 0) return true;
    }
  }
}
