/** Where a running harness answers, and what an AWS client has to be told to reach it. */
export interface HarnessEndpoints {
  /** `http://127.0.0.1:<port>`; path-style addressing. */
  readonly s3: string;
  readonly dynamodb: string;
  /** Runs Spark jobs, where Java, Python and uv are. */
  readonly glue: string;
  /** Runs handlers of functions that lie in folders of this machine. */
  readonly lambda: string;
  /** Exists already. Tables do not: the application makes its own. */
  readonly bucket: string;
  readonly region: string;
  /** Any pair is accepted; signatures are not checked. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export const DEFAULT_BUCKET = "topline";

/** What every client of the harness is told, so that all of them see the same tables. */
export const IDENTITY = {
  region: "us-east-1",
  accessKeyId: "topline",
  secretAccessKey: "topline",
} as const;
