/** What a job is to work on, and how it takes the lease. */
export interface TransformJobRequest {
  readonly runId: string;
  /** Says to others who works, in the lease. */
  readonly holder: string;
  readonly leaseSeconds: number;
  /** Wait for a lease that another holds; otherwise fail with `LEASE_HELD`. */
  readonly waitForLease: boolean;
}

/**
 * What does the whole of the step `transform` elsewhere, over the same bucket and tables: takes the lease, commits,
 * publishes, records the step's part. Whoever starts it holds no lease.
 */
export interface TransformJob {
  /** Such as `glue topline-transform`: in reports, until the step's part says which engine it was. */
  readonly name: string;

  /**
   * Resolves once a run of the job is over that has succeeded. A call for a run that is worked on already, by an
   * earlier call whose answer was lost, waits for that instead of starting another.
   *
   * @throws {ToplineError} the step's own fault, where the job tells one; `ENGINE_FAILED` (retryable) where it was
   *   killed, ran out of memory or time; `ENGINE_UNAVAILABLE`; `CANCELLED`, and then nothing works any more
   */
  run(request: TransformJobRequest, options?: { readonly signal?: AbortSignal }): Promise<void>;
}
