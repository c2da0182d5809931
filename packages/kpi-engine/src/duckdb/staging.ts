import { Buffer } from "node:buffer";
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { EngineSource, ObjectStore, RefusalCode } from "@topline/core";
import { cancelled } from "./database.ts";
import { DamagedGzip, gunzip } from "./gunzip.ts";
import { LineCleaner } from "./lines.ts";
import { LineSurvey } from "./survey.ts";

/** A source's clean lines on this machine, in files that are read in order. */
export interface StagedSource {
  readonly files: readonly string[];
  /** Of all files, the LF that leads each one not counted. */
  readonly bytes: number;
  readonly lines: number;
  /** As `heads.is_plain` has it. */
  readonly isPlain: boolean;
  /** The first line. */
  readonly opening: string;
  readonly refused: { readonly code: RefusalCode; readonly message: string } | undefined;
}

/** Bytes after which the lines go on in another file, so that several threads can read one source. */
const FILE_BYTES = 64 * 1024 ** 2;

/** Bytes that go to the disk in one call. */
const WRITE_BYTES = 1024 ** 2;

/**
 * Streams a copy to `directory`, undoing gzip on the way. A source that is refused leaves no file.
 * @param to.name leads every file's name, in six digits
 */
export async function stageSource(
  store: Pick<ObjectStore, "get">,
  source: EngineSource,
  to: { readonly directory: string; readonly name: number },
  options: { readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<StagedSource> {
  const { maxBytes, signal } = options;
  const object = await store.get(source.inputKey, { signal });
  const raw = source.compression === "gzip" ? gunzip(object.body, object.size) : object.body;
  await using files = new LineFiles(to.directory, to.name);
  const cleaner = new LineCleaner();
  let bytes = 0;
  try {
    for await (const chunk of raw) {
      if (signal.aborted) throw cancelled(signal);
      bytes += chunk.byteLength;
      if (bytes > maxBytes) {
        return await files.refuse(
          "TOO_LARGE",
          `${source.key} has more than ${maxBytes} bytes uncompressed, which is the limit maxSourceBytes. Split the file, or raise the limit.`,
        );
      }
      for (const lines of cleaner.push(chunk)) await files.write(lines);
    }
    for (const lines of cleaner.end()) await files.write(lines);
  } catch (error) {
    if (!(error instanceof DamagedGzip)) throw error;
    return await files.refuse(
      "DAMAGED_GZIP",
      `${source.key} is not whole gzip: ${error.message}. Compress and upload the file again.`,
    );
  }
  return await files.finish();
}

class LineFiles implements AsyncDisposable {
  readonly #directory: string;
  readonly #name: string;
  readonly #survey = new LineSurvey();
  readonly #files: string[] = [];
  #handle: FileHandle | undefined;
  #inFile = 0;
  #bytes = 0;
  /** Written out of again and again: fresh memory for every megabyte costs more than the copy into this. */
  readonly #waiting = Buffer.allocUnsafeSlow(WRITE_BYTES);
  #waitingBytes = 0;

  constructor(directory: string, name: number) {
    this.#directory = directory;
    this.#name = String(name).padStart(6, "0");
  }

  async write(lines: Buffer): Promise<void> {
    this.#survey.take(lines);
    if (this.#waitingBytes + lines.length > WRITE_BYTES) await this.#flush();
    if (lines.length > WRITE_BYTES) return await this.#append(lines);
    this.#waitingBytes += lines.copy(this.#waiting, this.#waitingBytes);
  }

  async finish(): Promise<StagedSource> {
    await this.#flush();
    const { lines, isPlain, opening } = this.#survey;
    return { files: this.#files, bytes: this.#bytes, lines, isPlain, opening, refused: undefined };
  }

  async refuse(code: RefusalCode, message: string): Promise<StagedSource> {
    await this.#close();
    for (const file of this.#files) await rm(file);
    return {
      files: [],
      bytes: 0,
      lines: 0,
      isPlain: false,
      opening: "",
      refused: { code, message },
    };
  }

  async #flush(): Promise<void> {
    if (this.#waitingBytes === 0) return;
    await this.#append(this.#waiting.subarray(0, this.#waitingBytes));
    this.#waitingBytes = 0;
  }

  /** Whole lines, so that a file ends with one. */
  async #append(bytes: Buffer): Promise<void> {
    this.#handle ??= await this.#next();
    for (let at = 0; at < bytes.length;) {
      at += (await this.#handle.write(bytes, at)).bytesWritten;
    }
    this.#bytes += bytes.length;
    this.#inFile += bytes.length;
    if (this.#inFile >= FILE_BYTES) await this.#close();
  }

  async #next(): Promise<FileHandle> {
    const part = String(this.#files.length).padStart(6, "0");
    const path = join(this.#directory, `${this.#name}-${part}.txt`);
    this.#files.push(path);
    this.#inFile = 0;
    const handle = await open(path, "w");
    // A first line that is empty keeps a BOM inside the text from being taken for the file's.
    await handle.write("\n");
    return handle;
  }

  async #close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}
