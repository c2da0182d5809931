import type { LambdaDirectory } from "../store.ts";

/** What the handlers find of the harness. */
export interface LambdaEndpoints {
  readonly s3: string;
  readonly dynamodb: string;
  readonly glue: string;
  readonly lambda: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Where execution environments live, and what they work on. */
export interface ExecutionPlace {
  readonly directory: LambdaDirectory;
  readonly endpoints: () => LambdaEndpoints;
}
