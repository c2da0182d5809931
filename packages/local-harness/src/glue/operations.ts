import { GlueError, notFound } from "./errors.ts";
import { type Input, integer, name, texts } from "./input.ts";
import type { JobRuns } from "./job-runs.ts";
import { createJob, deleteJob, getJob, getJobs, requireJob, updateJob } from "./jobs.ts";
import { page } from "./paging.ts";
import { isLive, type JobRun } from "./records.ts";
import type { GlueStore } from "./store.ts";
import { invalid } from "./errors.ts";

export interface Glue {
  readonly store: GlueStore;
  readonly runs: JobRuns;
}

export type Operation = (glue: Glue, input: Input) => object;

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  CreateJob: ({ store }, input) => createJob(store, input),
  UpdateJob: ({ store }, input) => updateJob(store, input),
  GetJob: ({ store }, input) => getJob(store, input),
  GetJobs: ({ store }, input) => getJobs(store, input),
  DeleteJob: ({ store }, input) => deleteJob(store, input),
  StartJobRun: startJobRun,
  GetJobRun: getJobRun,
  GetJobRuns: getJobRuns,
  BatchStopJobRun: batchStopJobRun,
};

function startJobRun({ store, runs }: Glue, input: Input) {
  const job = requireJob(store, name(input, "JobName"));
  for (const field of ["JobRunId", "JobRunQueuingEnabled"]) {
    if ((input[field] ?? false) === false) continue;
    throw new GlueError("NotImplemented", `The embedded Glue does not know ${field}.`);
  }
  const given = texts(input, "Arguments");
  const timeout = integer(input, "Timeout", { least: 1, most: 2 ** 31 - 1 });
  const run = runs.start(job, {
    ...(given === undefined ? {} : { Arguments: given }),
    ...(timeout === undefined ? {} : { Timeout: timeout }),
  });
  return { JobRunId: run.Id };
}

function getJobRun({ store, runs }: Glue, input: Input) {
  const jobName = name(input, "JobName");
  const id = name(input, "RunId");
  const run = runOf(store, jobName, id);
  if (run === undefined) throw notFound(`Entity Not Found: job run ${id} of job ${jobName}.`);
  return { JobRun: runs.shown(run) };
}

function getJobRuns({ store, runs }: Glue, input: Input) {
  const jobName = name(input, "JobName");
  const all = store.runsOf(jobName);
  if (all.length === 0) requireJob(store, jobName);
  const { items, NextToken } = page(all, (run) => run.Id, input, 200);
  return { JobRuns: items.map((run) => runs.shown(run)), ...NextToken };
}

function batchStopJobRun({ store, runs }: Glue, input: Input) {
  const JobName = name(input, "JobName");
  const ids = input["JobRunIds"];
  if (!Array.isArray(ids) || ids.length < 1 || ids.length > 25) {
    throw invalid("JobRunIds must be a list of 1 to 25 ids.");
  }
  const SuccessfulSubmissions: object[] = [];
  const Errors: object[] = [];
  for (const JobRunId of ids.map(String)) {
    const run = runOf(store, JobName, JobRunId);
    const refuse = (ErrorCode: string, ErrorMessage: string) =>
      Errors.push({ JobName, JobRunId, ErrorDetail: { ErrorCode, ErrorMessage } });
    if (run === undefined) refuse("EntityNotFoundException", `Entity Not Found: ${JobRunId}.`);
    else if (runs.stop(run)) SuccessfulSubmissions.push({ JobName, JobRunId });
    else if (isLive(run))
      refuse("InvalidInputException", `Job run ${JobRunId} is STOPPING already.`);
    else refuse("JobRunNotInStoppableState", `Job run ${JobRunId} is ${run.JobRunState}.`);
  }
  return { SuccessfulSubmissions, Errors };
}

function runOf(store: GlueStore, jobName: string, id: string): JobRun | undefined {
  const run = store.run(id);
  return run?.JobName === jobName ? run : undefined;
}
