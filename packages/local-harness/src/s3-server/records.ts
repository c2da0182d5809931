import type { ChecksumAlgorithm } from "./checksums.ts";

/** What the journal keeps of buckets, objects and uploads. Times are epoch milliseconds, whole seconds. */

/** Bytes of one immutable data file. Objects and parts are lists of these, and may share them. */
export interface Segment {
  readonly file: string;
  readonly offset: number;
  readonly size: number;
}

export type ChecksumType = "FULL_OBJECT" | "COMPOSITE";

export interface StoredChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64; a composite one ends in `-<number of parts>`. */
  readonly value: string;
  readonly type: ChecksumType;
}

/** What a producer says about an object, kept as it came. */
export interface Description {
  /** `content-type`, `cache-control` …: names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Without the `x-amz-meta-`, names in lower case; values are bytes as Latin-1 text. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface ObjectRecord extends Description {
  readonly key: string;
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  readonly modified: number;
  readonly checksum?: StoredChecksum | undefined;
  readonly segments: readonly Segment[];
}

export interface UploadRecord extends Description {
  readonly id: string;
  readonly key: string;
  readonly initiated: number;
  readonly algorithm?: ChecksumAlgorithm | undefined;
  readonly checksumType?: ChecksumType | undefined;
}

export interface PartRecord {
  readonly number: number;
  readonly size: number;
  readonly etag: string;
  readonly modified: number;
  readonly checksum?: Omit<StoredChecksum, "type"> | undefined;
  readonly segments: readonly Segment[];
}

export interface BucketRecord {
  readonly name: string;
  readonly created: number;
  readonly region: string;
}

/** One change of the state. A line of the journal is one of these: all of it happened, or none. */
export type Change =
  | { readonly op: "create-bucket"; readonly bucket: BucketRecord }
  | { readonly op: "delete-bucket"; readonly bucket: string }
  | {
      readonly op: "put";
      readonly bucket: string;
      readonly object: ObjectRecord;
      /** The upload that became this object, and is thereby over. */
      readonly upload?: string | undefined;
    }
  | { readonly op: "delete"; readonly bucket: string; readonly key: string }
  | { readonly op: "begin"; readonly bucket: string; readonly upload: UploadRecord }
  | {
      readonly op: "part";
      readonly bucket: string;
      readonly upload: string;
      readonly part: PartRecord;
    }
  | { readonly op: "abort"; readonly bucket: string; readonly upload: string };

/** S3 keeps whole seconds. */
export const timestamp = () => Math.floor(Date.now() / 1000) * 1000;
