import { isDeepStrictEqual } from "node:util";
import { GlueError, invalid, notFound } from "./errors.ts";
import { type Input, integer, isObject, name, object, text, texts } from "./input.ts";
import { page } from "./paging.ts";
import { type Job, type JobDefinition, KEPT, type Kept, now } from "./records.ts";
import type { GlueStore } from "./store.ts";

const DEFAULT_TIMEOUT = 480;

export function createJob(store: GlueStore, input: Input) {
  const Name = name(input, "Name");
  const wanted = definition(Name, input);
  const present = store.job(Name);
  if (present === undefined) {
    const CreatedOn = now();
    store.putJob({ ...wanted, CreatedOn, LastModifiedOn: CreatedOn });
  } else if (!isDeepStrictEqual({ ...present, ...TIMES }, { ...wanted, ...TIMES })) {
    throw new GlueError("AlreadyExistsException", `Job already exists: ${Name}.`);
  }
  return { Name };
}

const TIMES = { CreatedOn: 0, LastModifiedOn: 0 };

/** Replaces the whole definition: what is not said again is gone. */
export function updateJob(store: GlueStore, input: Input) {
  const present = requireJob(store, name(input, "JobName"));
  const update = object(input, "JobUpdate");
  if (update === undefined) throw invalid("JobUpdate must be given.");
  const { Name, CreatedOn } = present;
  store.putJob({ ...definition(Name, update), CreatedOn, LastModifiedOn: now() });
  return { JobName: Name };
}

export function getJob(store: GlueStore, input: Input) {
  return { Job: requireJob(store, name(input, "JobName")) };
}

export function getJobs(store: GlueStore, input: Input) {
  const { items, NextToken } = page(store.jobs, (job) => job.Name, input, 1000);
  return { Jobs: items, ...NextToken };
}

/** A job that is not there is no fault. Its runs go on to their ends. */
export function deleteJob(store: GlueStore, input: Input) {
  const JobName = name(input, "JobName");
  store.deleteJob(JobName);
  return { JobName };
}

/** @throws {GlueError} `EntityNotFoundException` */
export function requireJob(store: GlueStore, jobName: string): Job {
  const job = store.job(jobName);
  if (job === undefined) throw notFound(`Entity Not Found: job ${jobName} does not exist.`);
  return job;
}

function definition(Name: string, input: Input): JobDefinition {
  const defaults = texts(input, "DefaultArguments");
  const fixed = texts(input, "NonOverridableArguments");
  const property = object(input, "ExecutionProperty") ?? {};
  const least = { least: 1, most: 2 ** 31 - 1 };
  return {
    Name,
    Role: name(input, "Role"),
    Command: commandOf(input),
    ...(defaults === undefined ? {} : { DefaultArguments: defaults }),
    ...(fixed === undefined ? {} : { NonOverridableArguments: fixed }),
    ExecutionProperty: { MaxConcurrentRuns: integer(property, "MaxConcurrentRuns", least) ?? 1 },
    MaxRetries: integer(input, "MaxRetries", { least: 0, most: 10 }) ?? 0,
    Timeout: integer(input, "Timeout", least) ?? DEFAULT_TIMEOUT,
    ...kept(input),
  };
}

function commandOf(input: Input): Job["Command"] {
  const command = input["Command"];
  if (!isObject(command)) throw invalid("Command must be given.");
  const kind = name(command, "Name");
  if (kind !== "glueetl") {
    throw new GlueError(
      "NotImplemented",
      `The embedded Glue runs Spark jobs (glueetl); Command.Name is ${JSON.stringify(kind)}.`,
    );
  }
  const ScriptLocation = text(command, "ScriptLocation") ?? "";
  if (!/^s3:\/\/[^/]+\/.+$/.test(ScriptLocation)) {
    throw invalid("Command.ScriptLocation must be s3://bucket/key.");
  }
  const PythonVersion = text(command, "PythonVersion");
  return { Name: kind, ScriptLocation, ...(PythonVersion === undefined ? {} : { PythonVersion }) };
}

function kept(input: Input): Kept {
  const given = KEPT.filter((field) => input[field] !== undefined && input[field] !== null);
  return Object.fromEntries(given.map((field) => [field, input[field]]));
}
