import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { GlueError } from "./errors.ts";
import type { Execute, Execution, ExecutionEnd } from "./execution.ts";
import { isLive, type Job, type JobRun, type JobRunState, now } from "./records.ts";
import { type GlueStore, logFile } from "./store.ts";

const MINUTE_MS = 60_000;

interface Live {
  readonly execution: Execution;
  /** Resolves once its end is written down. */
  over: Promise<void>;
  /** Why it was ended, where it was. */
  reason?: "stopped" | "timeout";
  timer?: NodeJS.Timeout;
}

export interface JobRunsOptions {
  readonly store: GlueStore;
  readonly execute: Execute;
  /** How long a minute of a job's `Timeout` lasts. Default: a minute. */
  readonly minuteMs?: number;
}

/** The life of every run: begun, under way, over. */
export class JobRuns {
  readonly #store: GlueStore;
  readonly #execute: Execute;
  readonly #minuteMs: number;
  readonly #live = new Map<string, Live>();
  #isClosed = false;

  constructor({ store, execute, minuteMs = MINUTE_MS }: JobRunsOptions) {
    this.#store = store;
    this.#execute = execute;
    this.#minuteMs = minuteMs;
  }

  /** @throws {GlueError} `ConcurrentRunsExceededException` */
  start(job: Job, given: Pick<JobRun, "Arguments"> & { readonly Timeout?: number }): JobRun {
    const most = job.ExecutionProperty.MaxConcurrentRuns;
    if (this.#store.runsOf(job.Name).filter(isLive).length >= most) {
      throw new GlueError(
        "ConcurrentRunsExceededException",
        `Concurrent runs exceeded for ${job.Name}: ${most} at a time.`,
      );
    }
    return this.#begin(job, { ...given, Id: `jr_${randomBytes(32).toString("hex")}`, Attempt: 0 });
  }

  /** Whether it was under way. */
  stop({ Id, JobRunState: state }: JobRun): boolean {
    const live = this.#live.get(Id);
    if (live === undefined || state === "STOPPING") return false;
    this.#end(Id, live, "stopped");
    return true;
  }

  /** With the time for which the script has run by now. */
  shown(run: JobRun): JobRun {
    const since = this.#running.get(run.Id);
    return since === undefined ? run : { ...run, ExecutionTime: Math.floor(now() - since) };
  }

  /** Ends whatever is under way, by force, and writes down that it has failed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const lives = [...this.#live.values()];
    for (const { execution, timer } of lives) {
      clearTimeout(timer);
      execution.kill();
    }
    await Promise.all(lives.map(({ over }) => over));
  }

  readonly #running = new Map<string, number>();

  #begin(
    job: Job,
    given: Pick<JobRun, "Id" | "Attempt" | "Arguments" | "PreviousRunId"> & {
      readonly Timeout?: number;
    },
  ): JobRun {
    const StartedOn = now();
    const { GlueVersion, WorkerType, NumberOfWorkers, MaxCapacity, ExecutionClass } = job;
    const run = this.#store.putRun({
      PredecessorRuns: [],
      JobName: job.Name,
      JobMode: "SCRIPT",
      JobRunState: "STARTING",
      StartedOn,
      LastModifiedOn: StartedOn,
      ExecutionTime: 0,
      Timeout: job.Timeout,
      LogGroupName: "/aws-glue/jobs",
      GlueVersion,
      WorkerType,
      NumberOfWorkers,
      MaxCapacity,
      ExecutionClass,
      ...given,
    });
    const { directory } = this.#store;
    const { Id } = run;
    const work = join(directory.work, Id);
    const execution = this.#execute(
      { job, run, directory: work, log: logFile(directory, Id) },
      {
        preparing: (what) => this.#change(Id, { StateDetail: what }),
        running: () => this.#ran(Id),
      },
    );
    const live: Live = { execution, over: Promise.resolve() };
    this.#live.set(Id, live);
    // A directory that is gone, or full: whoever opens it next finds a run that was cut off.
    live.over = this.#finish(job, Id, live, work).catch(() => {});
    return run;
  }

  #ran(id: string): void {
    const live = this.#live.get(id);
    const run = this.#store.run(id);
    if (live === undefined || run?.JobRunState !== "STARTING") return;
    this.#running.set(id, now());
    const { StateDetail: _, ...begun } = run;
    this.#store.putRun({ ...begun, JobRunState: "RUNNING", LastModifiedOn: now() });
    live.timer = setTimeout(() => this.#end(id, live, "timeout"), run.Timeout * this.#minuteMs);
    live.timer.unref();
  }

  #end(id: string, live: Live, reason: NonNullable<Live["reason"]>): void {
    clearTimeout(live.timer);
    live.reason ??= reason;
    this.#change(id, { JobRunState: "STOPPING" });
    live.execution.stop();
  }

  async #finish(job: Job, id: string, live: Live, work: string): Promise<void> {
    const end = await live.execution.ended;
    await rm(work, { recursive: true, force: true, maxRetries: 5 }).catch(() => {});
    this.#over(job, id, live, end);
  }

  #over(job: Job, id: string, live: Live, end: ExecutionEnd): void {
    clearTimeout(live.timer);
    const run = this.#store.run(id);
    this.#live.delete(id);
    if (run === undefined) return;
    const { StateDetail: _, ...last } = this.shown(run);
    this.#running.delete(id);
    const over = this.#store.putRun({
      ...last,
      ...(this.#isClosed ? CLOSED : outcome(last, live, end)),
      LastModifiedOn: now(),
      CompletedOn: now(),
    });
    const mayRetry = over.JobRunState === "FAILED" && over.Attempt < job.MaxRetries;
    if (mayRetry && !this.#isClosed) this.#retry(job, over);
  }

  /** Under the first attempt's id, with a count behind it. */
  #retry(job: Job, { Id, Attempt, Arguments, Timeout }: JobRun): void {
    const first = Id.replace(/_attempt_[0-9]+$/, "");
    this.#begin(job, {
      Id: `${first}_attempt_${Attempt + 1}`,
      Attempt: Attempt + 1,
      PreviousRunId: Id,
      Timeout,
      ...(Arguments === undefined ? {} : { Arguments }),
    });
  }

  #change(id: string, change: Partial<JobRun>): void {
    const run = this.#store.run(id);
    if (run !== undefined && isLive(run)) {
      this.#store.putRun({ ...run, ...change, LastModifiedOn: now() });
    }
  }
}

type Outcome = { readonly JobRunState: JobRunState; readonly ErrorMessage?: string };

const CLOSED: Outcome = {
  JobRunState: "FAILED",
  ErrorMessage: "The harness ended while the job was running, and the job with it.",
};

function outcome({ Timeout }: JobRun, { reason }: Live, end: ExecutionEnd): Outcome {
  if (end.status === "succeeded") return { JobRunState: "SUCCEEDED" };
  if (reason === "stopped") return { JobRunState: "STOPPED" };
  if (reason === "timeout") {
    return {
      JobRunState: "TIMEOUT",
      ErrorMessage: `Job run exceeded its timeout of ${Timeout} min`,
    };
  }
  return { JobRunState: "FAILED", ErrorMessage: end.message };
}
