/** Jobs and their runs as Glue's API shows them; times are epoch seconds, with milliseconds behind the point. */

export type Arguments = Readonly<Record<string, string>>;

/** What Glue keeps of a job and this server has no use for. */
export const KEPT = [
  "JobMode",
  "Description",
  "LogUri",
  "Connections",
  "AllocatedCapacity",
  "MaxCapacity",
  "SecurityConfiguration",
  "NotificationProperty",
  "GlueVersion",
  "NumberOfWorkers",
  "WorkerType",
  "ExecutionClass",
  "SourceControlDetails",
  "MaintenanceWindow",
] as const;

export type Kept = { readonly [K in (typeof KEPT)[number]]?: unknown };

export interface JobDefinition extends Kept {
  readonly Name: string;
  readonly Role: string;
  readonly Command: {
    readonly Name: string;
    /** `s3://bucket/key` */
    readonly ScriptLocation: string;
    readonly PythonVersion?: string;
  };
  readonly DefaultArguments?: Arguments;
  readonly NonOverridableArguments?: Arguments;
  readonly ExecutionProperty: { readonly MaxConcurrentRuns: number };
  readonly MaxRetries: number;
  /** Minutes. */
  readonly Timeout: number;
}

export interface Job extends JobDefinition {
  readonly CreatedOn: number;
  readonly LastModifiedOn: number;
}

export const LIVE_STATES = ["STARTING", "RUNNING", "STOPPING"] as const;
export type LiveState = (typeof LIVE_STATES)[number];
export type JobRunState = LiveState | "STOPPED" | "SUCCEEDED" | "FAILED" | "TIMEOUT" | "ERROR";

export interface JobRun {
  readonly Id: string;
  /** 0 for the first; a retry counts on. */
  readonly Attempt: number;
  readonly PreviousRunId?: string;
  readonly JobName: string;
  readonly JobMode: "SCRIPT";
  readonly JobRunState: JobRunState;
  readonly StartedOn: number;
  readonly LastModifiedOn: number;
  readonly CompletedOn?: number;
  /** Those of StartJobRun. */
  readonly Arguments?: Arguments;
  readonly ErrorMessage?: string;
  /** What a run that does not run yet waits for. */
  readonly StateDetail?: string;
  readonly PredecessorRuns: readonly never[];
  /** Seconds for which the script ran. */
  readonly ExecutionTime: number;
  /** Minutes. */
  readonly Timeout: number;
  readonly LogGroupName: string;
  readonly GlueVersion?: unknown;
  readonly WorkerType?: unknown;
  readonly NumberOfWorkers?: unknown;
  readonly MaxCapacity?: unknown;
  readonly ExecutionClass?: unknown;
}

export const isLive = ({ JobRunState: state }: JobRun): boolean =>
  LIVE_STATES.some((live) => live === state);

export const now = (): number => Date.now() / 1000;
