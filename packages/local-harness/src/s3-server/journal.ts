import { Buffer } from "node:buffer";
import {
  closeSync,
  ftruncateSync,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { ToplineError } from "@topline/core/errors";
import type { Change } from "./records.ts";

const FORMAT = { format: "topline-s3", version: 1 };
/** Rewritten when it has this many lines more than twice what is needed. */
const SLACK = 10_000;
const WRITE_BYTES = 1024 * 1024;
const LF = 0x0a;

/**
 * The state as the list of its changes, one line of JSON each, appended by a single write. A process that is killed
 * within that write leaves an unfinished last line, which is dropped at the next start: the change did not happen.
 *
 * Writes are synchronous on purpose: what was checked before a change still holds when it is written.
 */
export class Journal {
  readonly #path: string;
  #file: number;
  #length: number;
  #lines: number;
  #isBroken = false;

  private constructor(path: string, file: number, length: number, lines: number) {
    this.#path = path;
    this.#file = file;
    this.#length = length;
    this.#lines = lines;
  }

  /**
   * Replays what is there, oldest first.
   * @throws {ToplineError} `STATE_CORRUPT` when it is no journal, or one of another version
   */
  static open(path: string, replay: (change: Change) => void): Journal {
    rmSync(draftOf(path), { force: true });
    const file = openSync(path, "a+");
    try {
      const bytes = readFileSync(path);
      const length = bytes.lastIndexOf(LF) + 1;
      const lines = readLines(path, bytes.subarray(0, length), replay);
      if (length < bytes.byteLength) ftruncateSync(file, length);
      const journal = new Journal(path, file, length, lines);
      if (length === 0) journal.#write(`${JSON.stringify(FORMAT)}\n`);
      return journal;
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  append(change: Change): void {
    this.#write(`${JSON.stringify(change)}\n`);
    this.#lines++;
  }

  /** Replaces the journal by the shortest that tells the same, if that is worth it. */
  compact(needed: number, changes: () => Iterable<Change>): void {
    if (this.#lines <= 2 * needed + SLACK) return;
    const draft = draftOf(this.#path);
    const file = openSync(draft, "w");
    let lines = 0;
    let text = `${JSON.stringify(FORMAT)}\n`;
    for (const change of changes()) {
      text += `${JSON.stringify(change)}\n`;
      lines++;
      if (text.length < WRITE_BYTES) continue;
      writeWhole(file, text);
      text = "";
    }
    writeWhole(file, text);
    closeSync(file);
    renameSync(draft, this.#path);
    closeSync(this.#file);
    this.#file = openSync(this.#path, "a");
    this.#length = fstatSync(this.#file).size;
    this.#lines = lines;
  }

  close(): void {
    closeSync(this.#file);
    this.#isBroken = true;
  }

  #write(line: string): void {
    if (this.#isBroken) throw new Error(`The journal ${this.#path} is closed.`);
    try {
      this.#length += writeWhole(this.#file, line);
    } catch (error) {
      this.#takeBack();
      throw error;
    }
  }

  /** Half a line, on a full disk, must not become part of the next one. */
  #takeBack(): void {
    try {
      ftruncateSync(this.#file, this.#length);
    } catch {
      this.#isBroken = true;
    }
  }
}

const draftOf = (path: string) => `${path}.draft`;

function readLines(path: string, bytes: Buffer, replay: (change: Change) => void): number {
  let lines = 0;
  let start = 0;
  while (start < bytes.byteLength) {
    const end = bytes.indexOf(LF, start);
    try {
      const line: unknown = JSON.parse(bytes.toString("utf8", start, end));
      if (start === 0) requireFormat(line);
      else replay(line as Change);
    } catch (error) {
      throw new ToplineError(
        "STATE_CORRUPT",
        `Line ${lines + 1} of ${path} is not what the embedded S3 server (format ${FORMAT.version}) writes. Give it another directory, or delete this one: its objects cannot be read without the line.`,
        { cause: error },
      );
    }
    lines++;
    start = end + 1;
  }
  return lines;
}

function requireFormat(line: unknown): void {
  if (JSON.stringify(line) !== JSON.stringify(FORMAT)) {
    throw new Error(`expected ${JSON.stringify(FORMAT)}`);
  }
}

function writeWhole(file: number, text: string): number {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.byteLength;) at += writeSync(file, bytes, at);
  return bytes.byteLength;
}
