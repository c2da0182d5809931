import type { Arguments } from "../records.ts";

/** What the process of one job run is told, as JSON in a file. */
export interface JobSpec {
  readonly jobName: string;
  readonly runId: string;
  /** `s3://bucket/key` */
  readonly script: string;
  /** The job's defaults, as the run overrides them. */
  readonly arguments: Arguments;
  /** Its work space, which is there. */
  readonly directory: string;
  readonly log: string;
  /** Where Spark is installed, or is to be. */
  readonly home: string;
  readonly endpoints: SparkEndpoints;
}

export interface SparkEndpoints {
  readonly s3: string;
  readonly dynamodb: string;
  readonly glue: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What that process says, one line of JSON each. */
export type JobEvent =
  | { readonly event: "preparing"; readonly what: string }
  | { readonly event: "running" }
  /** Null: the script succeeded. */
  | { readonly event: "ended"; readonly message: string | null };
