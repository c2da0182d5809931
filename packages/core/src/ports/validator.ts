import type { Dataset } from "../datasets.ts";
import type { RefusalCode } from "../report.ts";

/** The header of a file that may be taken in. */
export interface Head {
  /** The header's record as it reads: what later records are compared with. */
  readonly record: string;
  /** Number of fields. */
  readonly width: number;
  /** Zero-based position of each contract column. */
  readonly positions: Readonly<Record<string, number>>;
  /** Names beyond the contract's, in the file's order. */
  readonly extraColumns: readonly string[];
}

export type HeadVerdict =
  | { readonly ok: true; readonly head: Head }
  | {
      readonly ok: false;
      readonly code: RefusalCode;
      /** What was expected, what was found. */
      readonly message: string;
    };

export interface Validator {
  /**
   * Judges a file by its beginning: takes from `body` no more than the verdict needs. Gzip is recognised by
   * `compression`, never guessed. A fault of `body` itself is thrown on.
   */
  checkHead(
    dataset: Dataset,
    body: AsyncIterable<Uint8Array>,
    compression: "none" | "gzip",
  ): Promise<HeadVerdict>;
}
