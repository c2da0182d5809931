import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readJsonFile, writeJsonFile } from "../on-disk/json-file.ts";
import { isLive, type Job, type JobRun, now } from "./records.ts";

/** What lies in the directory of a Glue endpoint. */
export interface GlueDirectory {
  readonly path: string;
  readonly jobs: string;
  readonly runs: string;
  readonly logs: string;
  /** Work space of the runs that live. */
  readonly work: string;
}

export function glueDirectory(path: string): GlueDirectory {
  return {
    path,
    jobs: join(path, "jobs.json"),
    runs: join(path, "runs"),
    logs: join(path, "logs"),
    work: join(path, "work"),
  };
}

export const logFile = ({ logs }: GlueDirectory, runId: string): string =>
  join(logs, `${runId}.log`);

/**
 * Jobs and runs, on disk: all jobs in one file, each run in a file of its own. A file is replaced whole, and
 * synchronously: what was checked before a change still holds when it is written. One process has the directory.
 */
export class GlueStore {
  readonly directory: GlueDirectory;
  readonly #jobs = new Map<string, Job>();
  readonly #runs = new Map<string, JobRun>();

  private constructor(directory: GlueDirectory) {
    this.directory = directory;
  }

  /**
   * Runs that were under way when the process before this one ended ended with it.
   * @throws {ToplineError} `STATE_CORRUPT`
   */
  static open(path: string): GlueStore {
    const store = new GlueStore(glueDirectory(path));
    const { jobs, runs, logs, work } = store.directory;
    for (const folder of [runs, logs]) mkdirSync(folder, { recursive: true });
    rmSync(work, { recursive: true, force: true });
    for (const job of readJsonFile<readonly Job[]>(jobs, WRITER) ?? [])
      store.#jobs.set(job.Name, job);
    const found = readdirSync(runs).filter((name) => name.endsWith(".json"));
    const records = found.map((name) => readJsonFile<JobRun>(join(runs, name), WRITER));
    const known = records.filter((run) => run !== undefined);
    for (const run of known.sort((a, b) => a.StartedOn - b.StartedOn)) {
      store.#runs.set(run.Id, run);
      if (isLive(run)) store.putRun({ ...ended(run), ErrorMessage: CUT_OFF });
    }
    return store;
  }

  /** By name. */
  get jobs(): readonly Job[] {
    return [...this.#jobs.values()].sort((a, b) => (a.Name < b.Name ? -1 : 1));
  }

  job(name: string): Job | undefined {
    return this.#jobs.get(name);
  }

  putJob(job: Job): void {
    this.#jobs.set(job.Name, job);
    this.#writeJobs();
  }

  deleteJob(name: string): void {
    if (this.#jobs.delete(name)) this.#writeJobs();
  }

  /** The newest first. */
  runsOf(name: string): readonly JobRun[] {
    return [...this.#runs.values()].filter((run) => run.JobName === name).toReversed();
  }

  run(id: string): JobRun | undefined {
    return this.#runs.get(id);
  }

  putRun(run: JobRun): JobRun {
    this.#runs.set(run.Id, run);
    writeJsonFile(join(this.directory.runs, `${run.Id}.json`), run);
    return run;
  }

  #writeJobs(): void {
    writeJsonFile(this.directory.jobs, this.jobs);
  }
}

const WRITER = "the embedded Glue";
const CUT_OFF = "The harness ended while the job was running, and the job with it.";

function ended(run: JobRun): JobRun {
  const { StateDetail: _, ...last } = run;
  return { ...last, JobRunState: "FAILED", LastModifiedOn: now(), CompletedOn: now() };
}
