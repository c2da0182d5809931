import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  BatchStopJobRunCommand,
  CreateCrawlerCommand,
  CreateJobCommand,
  DeleteJobCommand,
  GetJobCommand,
  GetJobRunCommand,
  GetJobRunsCommand,
  GetJobsCommand,
  type GlueClient,
  paginateGetJobRuns,
  paginateGetJobs,
  StartJobRunCommand,
  UpdateJobCommand,
} from "@aws-sdk/client-glue";
import { expect, test } from "vitest";
import { startGlueServer } from "../src/glue/server.ts";
import { glueClientOf, JOB, stage, stagedGlue } from "./glue-fixture.ts";
import { until } from "./harness-processes.ts";

/** Glue's API, by the AWS SDK; runs are carried out by the test. */

const JobName = "job";

async function start(client: GlueClient, given: object = {}): Promise<string> {
  const { JobRunId } = await client.send(new StartJobRunCommand({ JobName, ...given }));
  return JobRunId ?? "";
}

async function runOf(client: GlueClient, RunId: string) {
  const { JobRun } = await client.send(new GetJobRunCommand({ JobName, RunId }));
  if (JobRun === undefined) throw new Error("There is no run in the answer.");
  return JobRun;
}

async function untilState(client: GlueClient, id: string, state: string) {
  const isSo = async () => (await runOf(client, id)).JobRunState === state;
  await until(`run ${id} is ${state}`, isSo, 5_000);
  return runOf(client, id);
}

test("a job is created, told, updated as a whole, listed and deleted", async () => {
  await using glue = await stagedGlue();
  const { client } = glue;
  const DefaultArguments = { "--a": "1" };
  const created = { ...JOB, DefaultArguments, GlueVersion: "5.1", NumberOfWorkers: 2 };
  expect((await client.send(new CreateJobCommand(created))).Name).toBe("job");
  const first = (await client.send(new GetJobCommand({ JobName }))).Job;
  expect(first).toMatchObject({
    ...created,
    ExecutionProperty: { MaxConcurrentRuns: 1 },
    MaxRetries: 0,
    Timeout: 480,
  });
  expect(Math.abs(Date.now() - (first?.CreatedOn?.getTime() ?? 0))).toBeLessThan(60_000);

  const { Name: _, ...definition } = JOB;
  const JobUpdate = { ...definition, Timeout: 5 };
  await client.send(new UpdateJobCommand({ JobName, JobUpdate }));
  const second = (await client.send(new GetJobCommand({ JobName }))).Job;
  expect(second).toMatchObject({ Timeout: 5, CreatedOn: first?.CreatedOn });
  expect(second?.DefaultArguments).toBeUndefined();

  await client.send(new CreateJobCommand({ ...JOB, Name: "another" }));
  const { Jobs = [] } = await client.send(new GetJobsCommand({}));
  expect(Jobs.map(({ Name }) => Name)).toEqual(["another", "job"]);
  await client.send(new DeleteJobCommand({ JobName }));
  await client.send(new DeleteJobCommand({ JobName }));
  await expect(client.send(new GetJobCommand({ JobName }))).rejects.toMatchObject({
    name: "EntityNotFoundException",
  });
});

test("creating a job again is nothing when it is the same, and a fault when it is not", async () => {
  await using glue = await stagedGlue();
  await glue.client.send(new CreateJobCommand(JOB));
  await glue.client.send(new CreateJobCommand(JOB));
  const other = new CreateJobCommand({ ...JOB, Timeout: 7 });
  await expect(glue.client.send(other)).rejects.toMatchObject({ name: "AlreadyExistsException" });
});

test("a run goes from starting over running to success, with its times", async () => {
  await using glue = await stagedGlue();
  const { client, staged } = glue;
  await client.send(new CreateJobCommand({ ...JOB, GlueVersion: "5.1", WorkerType: "G.1X" }));
  const id = await start(client, { Arguments: { "--run_id": "r1" } });
  expect(id).toMatch(/^jr_[0-9a-f]{64}$/);
  expect(await runOf(client, id)).toMatchObject({
    Id: id,
    Attempt: 0,
    JobName: "job",
    JobRunState: "STARTING",
    Arguments: { "--run_id": "r1" },
    Timeout: 480,
    GlueVersion: "5.1",
    WorkerType: "G.1X",
    ExecutionTime: 0,
  });
  staged[0]?.events.preparing("installing");
  expect((await runOf(client, id)).StateDetail).toBe("installing");
  staged[0]?.events.running();
  const running = await runOf(client, id);
  expect(running).toMatchObject({ JobRunState: "RUNNING" });
  expect(running.StateDetail).toBeUndefined();
  expect(running.CompletedOn).toBeUndefined();
  staged[0]?.end({ status: "succeeded" });
  const { StartedOn, CompletedOn, ErrorMessage } = await untilState(client, id, "SUCCEEDED");
  expect(ErrorMessage).toBeUndefined();
  expect(CompletedOn?.getTime()).toBeGreaterThanOrEqual(StartedOn?.getTime() ?? Infinity);
});

test("a run that fails tells why, and is begun again as often as the job says", async () => {
  await using glue = await stagedGlue();
  const { client, staged } = glue;
  await client.send(new CreateJobCommand({ ...JOB, MaxRetries: 1 }));
  const id = await start(client, { Arguments: { "--x": "1" } });
  staged[0]?.end({ status: "failed", message: "ValueError: no" });
  expect((await untilState(client, id, "FAILED")).ErrorMessage).toBe("ValueError: no");
  const retry = `${id}_attempt_1`;
  expect(await runOf(client, retry)).toMatchObject({
    Attempt: 1,
    PreviousRunId: id,
    Arguments: { "--x": "1" },
    JobRunState: "STARTING",
  });
  staged[1]?.end({ status: "failed", message: "ValueError: no" });
  await untilState(client, retry, "FAILED");
  expect(staged).toHaveLength(2);
});

test("no more runs than the job may have at once are under way", async () => {
  await using glue = await stagedGlue();
  const { client, staged } = glue;
  const ExecutionProperty = { MaxConcurrentRuns: 2 };
  await client.send(new CreateJobCommand({ ...JOB, ExecutionProperty }));
  const first = await start(client);
  await start(client);
  await expect(start(client)).rejects.toMatchObject({ name: "ConcurrentRunsExceededException" });
  staged[0]?.end({ status: "succeeded" });
  await untilState(client, first, "SUCCEEDED");
  await start(client);
});

test("a run is stopped, and stopping until it has ended", async () => {
  await using glue = await stagedGlue();
  const { client, staged } = glue;
  await client.send(new CreateJobCommand(JOB));
  const id = await start(client);
  staged[0]?.events.running();
  const stop = new BatchStopJobRunCommand({ JobName, JobRunIds: [id, "jr_none"] });
  const { SuccessfulSubmissions, Errors } = await client.send(stop);
  expect(SuccessfulSubmissions).toEqual([{ JobName, JobRunId: id }]);
  expect(Errors).toMatchObject([
    { JobRunId: "jr_none", ErrorDetail: { ErrorCode: "EntityNotFoundException" } },
  ]);
  expect((await runOf(client, id)).JobRunState).toBe("STOPPING");
  expect(staged[0]?.signals).toEqual(["stop"]);
  staged[0]?.end({ status: "failed", message: "SIGTERM" });
  await untilState(client, id, "STOPPED");
  const again = await client.send(stop);
  expect(again.SuccessfulSubmissions).toEqual([]);
  expect(again.Errors?.[0]?.ErrorDetail?.ErrorMessage).toContain("is STOPPED");
});

test("a run is ended after its timeout, in minutes of running", async () => {
  await using glue = await stagedGlue({ minuteMs: 20 });
  const { client, staged } = glue;
  await client.send(new CreateJobCommand({ ...JOB, Timeout: 1000 }));
  const id = await start(client, { Timeout: 2 });
  staged[0]?.events.running();
  await until("it was told to stop", async () => staged[0]?.signals.length === 1, 5_000);
  staged[0]?.end({ status: "failed", message: "SIGTERM" });
  const { ErrorMessage, Timeout } = await untilState(client, id, "TIMEOUT");
  expect([ErrorMessage, Timeout]).toEqual(["Job run exceeded its timeout of 2 min", 2]);
});

test("a run whose end crosses its being stopped has the end that it had", async () => {
  await using glue = await stagedGlue();
  await glue.client.send(new CreateJobCommand(JOB));
  const id = await start(glue.client);
  await glue.client.send(new BatchStopJobRunCommand({ JobName, JobRunIds: [id] }));
  glue.staged[0]?.end({ status: "succeeded" });
  const { ErrorMessage } = await untilState(glue.client, id, "SUCCEEDED");
  expect(ErrorMessage).toBeUndefined();
});

test("what carries a run out gets the job, the run, a place to work and one for its log", async () => {
  await using glue = await stagedGlue();
  await glue.client.send(new CreateJobCommand(JOB));
  const id = await start(glue.client);
  expect(glue.staged[0]?.request).toMatchObject({
    job: JOB,
    run: { Id: id },
    directory: join(glue.directory, "work", id),
    log: join(glue.directory, "logs", `${id}.log`),
  });
});

test("runs are listed page by page, the newest first, and so are jobs", async () => {
  await using glue = await stagedGlue();
  const { client, staged } = glue;
  await client.send(new CreateJobCommand({ ...JOB, ExecutionProperty: { MaxConcurrentRuns: 9 } }));
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.unshift(await start(client));
  const first = await client.send(new GetJobRunsCommand({ JobName, MaxResults: 2 }));
  expect(first.JobRuns?.map(({ Id }) => Id)).toEqual(ids.slice(0, 2));
  // One that begins between two pages moves nothing.
  await start(client);
  const { NextToken } = first;
  const second = await client.send(new GetJobRunsCommand({ JobName, MaxResults: 2, NextToken }));
  expect(second.JobRuns?.map(({ Id }) => Id)).toEqual(ids.slice(2, 4));
  const all: (string | undefined)[] = [];
  for await (const { JobRuns = [] } of paginateGetJobRuns({ client, pageSize: 3 }, { JobName })) {
    all.push(...JobRuns.map(({ Id }) => Id));
  }
  expect(all.slice(1)).toEqual(ids);
  expect(staged).toHaveLength(6);

  for (const Name of ["b", "a", "ä"]) await client.send(new CreateJobCommand({ ...JOB, Name }));
  const names: (string | undefined)[] = [];
  for await (const { Jobs = [] } of paginateGetJobs({ client, pageSize: 1 }, {})) {
    names.push(...Jobs.map(({ Name }) => Name));
  }
  expect(names).toEqual(["a", "b", "job", "ä"]);
});

test("jobs and runs survive the server, and what was under way when it closed has failed", async () => {
  await using glue = await stagedGlue();
  await glue.client.send(new CreateJobCommand(JOB));
  const done = await start(glue.client);
  glue.staged[0]?.end({ status: "succeeded" });
  const before = await untilState(glue.client, done, "SUCCEEDED");
  const cut = await start(glue.client);
  await glue.server.close();
  expect(glue.staged[1]?.signals).toEqual(["kill"]);
  await using next = await startGlueServer({
    directory: glue.directory,
    loadExecute: async () => stage().execute,
  });
  const client = glueClientOf(next);
  expect(await runOf(client, done)).toEqual(before);
  expect(await runOf(client, cut)).toMatchObject({
    JobRunState: "FAILED",
    ErrorMessage: "The harness ended while the job was running, and the job with it.",
  });
  await start(client);
  client.destroy();
});

test("a run that a killed server left under way has failed, and its work space is gone", async () => {
  await using glue = await stagedGlue();
  await glue.client.send(new CreateJobCommand(JOB));
  const id = await start(glue.client);
  const { directory } = glue.staged[0]?.request ?? { directory: "" };
  // What lies on disk while the run is under way is what a killed server leaves there.
  const left = await readFile(join(glue.directory, "runs", `${id}.json`), "utf8");
  await glue.server.close();
  await writeFile(join(glue.directory, "runs", `${id}.json`), left);
  await using next = await startGlueServer({
    directory: glue.directory,
    loadExecute: async () => stage().execute,
  });
  const client = glueClientOf(next);
  expect(await runOf(client, id)).toMatchObject({ JobRunState: "FAILED" });
  expect(existsSync(directory)).toBe(false);
  client.destroy();
});

test("nothing is made on disk before somebody asks for a job", async () => {
  await using glue = await stagedGlue();
  expect(existsSync(glue.directory)).toBe(false);
  await glue.client.send(new GetJobsCommand({}));
  expect(existsSync(glue.directory)).toBe(true);
});

test.for([
  [new GetJobCommand({ JobName: "none" }), "EntityNotFoundException"],
  [new StartJobRunCommand({ JobName: "none" }), "EntityNotFoundException"],
  [new GetJobRunsCommand({ JobName: "none" }), "EntityNotFoundException"],
  [new GetJobRunCommand({ JobName, RunId: "jr_none" }), "EntityNotFoundException"],
  [new UpdateJobCommand({ JobName: "none", JobUpdate: JOB }), "EntityNotFoundException"],
  [new GetJobCommand({ JobName: "" }), "InvalidInputException"],
  [new CreateJobCommand({ ...JOB, Name: "new", Role: "" }), "InvalidInputException"],
  [new CreateJobCommand({ ...JOB, Name: "x".repeat(256) }), "InvalidInputException"],
  [new CreateJobCommand({ ...JOB, Name: "new", Command: undefined }), "InvalidInputException"],
  [new CreateJobCommand({ ...JOB, Name: "new", Timeout: 0 }), "InvalidInputException"],
  [new CreateJobCommand({ ...JOB, Name: "new", MaxRetries: 11 }), "InvalidInputException"],
  [
    new CreateJobCommand({ ...JOB, Name: "new", Command: { Name: "glueetl" } }),
    "InvalidInputException",
  ],
  [new StartJobRunCommand({ JobName, Timeout: -1 }), "InvalidInputException"],
  [new GetJobRunsCommand({ JobName, MaxResults: 201 }), "InvalidInputException"],
  [new GetJobRunsCommand({ JobName, NextToken: "?" }), "InvalidInputException"],
  [new BatchStopJobRunCommand({ JobName, JobRunIds: [] }), "InvalidInputException"],
  [
    new CreateJobCommand({ ...JOB, Name: "new", Command: { Name: "pythonshell" } }),
    "NotImplemented",
  ],
  [new StartJobRunCommand({ JobName, JobRunQueuingEnabled: true }), "NotImplemented"],
  [new CreateCrawlerCommand({ Name: "c", Role: "r", Targets: {} }), "NotImplemented"],
] as const)("%o is answered %s", async ([command, name]) => {
  await using glue = await stagedGlue();
  await glue.client.send(new CreateJobCommand(JOB));
  await expect(glue.client.send(command as never)).rejects.toMatchObject({ name });
});

test("what is no request of Glue's is answered as AWS does", async () => {
  await using glue = await stagedGlue();
  const { endpoint } = glue.server;
  const ask = async (headers: Record<string, string>, body: string) => {
    const answer = await fetch(endpoint, { method: "POST", headers, body });
    return [answer.status, ((await answer.json()) as { __type: string }).__type];
  };
  const target = { "x-amz-target": "AWSGlue.GetJobs" };
  expect(await ask({}, "{}")).toEqual([400, "UnknownOperationException"]);
  expect(await ask({ "x-amz-target": "DynamoDB_20120810.GetItem" }, "{}")).toEqual([
    400,
    "UnknownOperationException",
  ]);
  expect(await ask({ "x-amz-target": "AWSGlue.constructor" }, "{}")).toEqual([
    501,
    "NotImplemented",
  ]);
  for (const body of ["", "no", "[]", "null"]) {
    expect(await ask(target, body)).toEqual([400, "SerializationException"]);
  }
  expect(await ask(target, " ".repeat(5 * 1024 ** 2))).toEqual([400, "SerializationException"]);
  expect((await fetch(endpoint)).status).toBe(400);
});

test("a port that is taken is a fault that names it", async () => {
  await using glue = await stagedGlue();
  const port = Number(new URL(glue.server.endpoint).port);
  const second = startGlueServer({
    directory: glue.directory,
    loadExecute: async () => stage().execute,
    port,
  });
  await expect(second).rejects.toMatchObject({
    code: "HARNESS_UNAVAILABLE",
    message: expect.stringContaining(String(port)) as string,
  });
});

test("a state that cannot be read is told, and read again once it is mended", async () => {
  await using glue = await stagedGlue();
  const file = join(glue.directory, "jobs.json");
  await mkdir(glue.directory);
  await writeFile(file, "no JSON");
  const refused = glue.client.send(new GetJobsCommand({}));
  await expect(refused).rejects.toThrow(/jobs\.json is not what the embedded Glue writes/);
  await rm(file);
  expect((await glue.client.send(new GetJobsCommand({}))).Jobs).toEqual([]);
});
