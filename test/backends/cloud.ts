/** An S3 and a DynamoDB that answer, for one test file; tests keep apart by buckets and table prefixes. */
export interface Cloud extends AsyncDisposable {
  readonly s3: string;
  readonly dynamodb: string;
  /** Where there are such. */
  readonly glue?: string;
  readonly lambda?: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** How `topline` is told to work there. */
  readonly command: {
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string>>;
  };
}
