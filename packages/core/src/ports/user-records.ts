import type { Dataset } from "../datasets.ts";
import type { Head } from "./validator.ts";

/** A raw file that was taken in, as far as its records are to be told apart. */
export interface RecordFile {
  readonly dataset: Dataset;
  readonly compression: "none" | "gzip";
  /** Undefined where today's contract refuses the file for it: no record is one by the header then. */
  readonly head: Head | undefined;
}

/** Records of a file that are to go. */
export interface ChosenRecords {
  readonly records: bigint;
  /** Their lines, ascending: how many line ends, each CR and each LF, come before them. */
  readonly lines: readonly number[];
  /** Blanks are to stand in their place: without them, a broken quote would reach further than it did. */
  readonly isBlanked: boolean;
}

/**
 * The records of one user in raw files and in the quarantine. A record is a user's by its `user_id`; one that is no
 * record by the header, where the id stands between commas in it; a line that is no text, or that is too long to be
 * one, where the id's bytes are anywhere in it.
 */
export interface UserRecords {
  /** Reads a whole file in bounded memory. */
  find(file: RecordFile, userId: string, body: AsyncIterable<Uint8Array>): Promise<ChosenRecords>;

  /** The file as it is stored, byte by byte, but for those records. */
  without(
    file: RecordFile,
    chosen: ChosenRecords,
    body: AsyncIterable<Uint8Array>,
  ): AsyncIterable<Uint8Array>;

  /** @param head of the file that the record came in, where that is known */
  isOf(userId: string, record: string, head: Head | undefined): boolean;
}
