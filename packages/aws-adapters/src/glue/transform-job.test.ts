import process from "node:process";
import { silentLogger } from "@topline/core";
import { describe, expect, test } from "vitest";
import { type Answer, GlueFault, scriptedGlue } from "../../test/scripted-glue.ts";
import { glueTransformJob, type GlueTransformJobOptions } from "./transform-job.ts";

const isDeno = process.versions["deno"] !== undefined;

const REQUEST = { runId: "r1", holder: "me", leaseSeconds: 10, waitForLease: true };
const IDENTITY = { "--bucket": "b", "--run_id": "r1" };

type Glue = Awaited<ReturnType<typeof scriptedGlue>>;

const jobAt = ({ client, clock }: Glue, options: Partial<GlueTransformJobOptions> = {}) =>
  glueTransformJob({
    client,
    clock,
    jobName: "job",
    arguments: { "--bucket": "b" },
    random: () => 0.5,
    ...options,
  });

const run = (state: string, more: object = {}) => ({
  JobRun: { Id: "jr_1", JobName: "job", JobRunState: state, ...more },
});

const runs = (...found: object[]) => ({ JobRuns: found });

const liveRun = (state = "RUNNING", given: object = IDENTITY) => ({
  Id: "jr_0",
  JobRunState: state,
  Arguments: { ...given, "--holder": "another" },
});

interface Script {
  readonly GetJobRuns?: readonly Answer[];
  readonly StartJobRun?: readonly Answer[];
  readonly GetJobRun?: readonly Answer[];
  readonly BatchStopJobRun?: readonly Answer[];
}

const USUAL = {
  GetJobRuns: [runs()],
  StartJobRun: [{ JobRunId: "jr_1" }],
  GetJobRun: [run("SUCCEEDED")],
  BatchStopJobRun: [{ SuccessfulSubmissions: [], Errors: [] }],
} as const;

/** Each operation's answers in turn, the last one for ever. */
const glueWith = (script: Script, onAsked = (_operation: string, _at: number) => {}) =>
  scriptedGlue(({ operation }, at) => {
    onAsked(operation, at);
    const answers = { ...USUAL, ...script }[operation as keyof Script] ?? [];
    return answers[Math.min(at, answers.length - 1)] ?? new GlueFault("UnknownOperationException");
  });

describe("a run", () => {
  test("is started with the request as its arguments, and looked at until it is over, ever more rarely", async () => {
    await using glue = await glueWith({
      GetJobRun: [
        run("STARTING"),
        run("RUNNING"),
        run("WAITING"),
        run("RUNNING"),
        run("SUCCEEDED"),
      ],
    });
    const seen: string[] = [];
    await jobAt(glue, { longestPollMs: 600, onProgress: ({ state }) => seen.push(state) }).run(
      REQUEST,
    );
    expect(glue.inputs("StartJobRun")).toEqual([
      {
        JobName: "job",
        Arguments: {
          ...IDENTITY,
          "--holder": "me",
          "--lease_seconds": "10",
          "--wait_for_lease": "true",
        },
      },
    ]);
    expect(glue.slept).toEqual([250, 375, 562.5, 600]);
    expect(seen).toEqual(["STARTING", "RUNNING", "WAITING", "RUNNING", "SUCCEEDED"]);
  });

  test("that is under way already is waited for, on whichever page it is", async () => {
    const others = liveRun("RUNNING", { "--bucket": "b", "--run_id": "other" });
    await using glue = await glueWith({
      GetJobRuns: [{ ...runs(others), NextToken: "more" }, runs(liveRun("WAITING"))],
    });
    await jobAt(glue).run(REQUEST);
    expect(glue.operations()).toEqual(["GetJobRuns", "GetJobRuns", "GetJobRun"]);
    expect(glue.inputs("GetJobRun")).toEqual([{ JobName: "job", RunId: "jr_0" }]);
  });

  test("of another bucket, or one that is over, is no reason not to start", async () => {
    const elsewhere = liveRun("RUNNING", { ...IDENTITY, "--bucket": "other" });
    await using glue = await glueWith({ GetJobRuns: [runs(elsewhere, liveRun("FAILED"))] });
    await jobAt(glue).run(REQUEST);
    expect(glue.inputs("StartJobRun")).toHaveLength(1);
  });

  test("that is being stopped is waited for, and then another one is started", async () => {
    await using glue = await glueWith({ GetJobRuns: [runs(liveRun("STOPPING")), runs()] });
    await jobAt(glue).run(REQUEST);
    expect(glue.operations()).toEqual(["GetJobRuns", "GetJobRuns", "StartJobRun", "GetJobRun"]);
  });
});

describe("a start", () => {
  test.each(["cut", new GlueFault("InternalServiceException", 500)] as const)(
    "whose answer is lost (%j) is not repeated when it has started one",
    async (lost) => {
      await using glue = await glueWith({
        StartJobRun: [lost],
        GetJobRuns: [runs(), runs(liveRun("STARTING"))],
      });
      await jobAt(glue).run(REQUEST);
      // Deno's HTTP client asks once more by itself when a connection breaks that it had used before.
      const asked = isDeno && lost === "cut" ? 2 : 1;
      expect(glue.inputs("StartJobRun")).toHaveLength(asked);
      expect(glue.inputs("GetJobRun")).toEqual([{ JobName: "job", RunId: "jr_0" }]);
    },
  );

  test("that was throttled is repeated after a pause with full jitter, at most so often", async () => {
    await using glue = await glueWith({ StartJobRun: [new GlueFault("ThrottlingException")] });
    await expect(jobAt(glue).run(REQUEST)).rejects.toMatchObject({
      code: "ENGINE_UNAVAILABLE",
      isRetryable: true,
      message: expect.stringContaining("ThrottlingException") as string,
    });
    expect(glue.slept).toEqual([500, 1000, 2000, 4000, 8000]);
    expect(glue.inputs("StartJobRun")).toHaveLength(6);
  });

  test("waits while the job runs as often as it may, for as long as it takes, and says so once", async () => {
    const full = new GlueFault("ConcurrentRunsExceededException");
    const told: string[] = [];
    const logger = { ...silentLogger, warn: (message: string) => void told.push(message) };
    const answers = [...Array.from({ length: 20 }, () => full), { JobRunId: "jr_1" }];
    await using glue = await glueWith({ StartJobRun: answers });
    await jobAt(glue, { logger }).run(REQUEST);
    expect(told).toEqual(["Waiting. Glue job job runs as often as it may at once."]);
    expect(glue.slept.at(-1)).toBe(10_000);
  });

  test("that waits is given up when the caller gives up", async () => {
    const cancel = new AbortController();
    await using glue = await glueWith(
      { StartJobRun: [new GlueFault("ConcurrentRunsExceededException")] },
      (operation, at) => void (operation === "StartJobRun" && at === 2 && cancel.abort()),
    );
    const { signal } = cancel;
    await expect(jobAt(glue).run(REQUEST, { signal })).rejects.toMatchObject({ code: "CANCELLED" });
    expect(glue.operations()).not.toContain("BatchStopJobRun");
  });

  test("of a job that is not there is a fault that no retry helps", async () => {
    await using glue = await glueWith({ GetJobRuns: [new GlueFault("EntityNotFoundException")] });
    await expect(jobAt(glue).run(REQUEST)).rejects.toMatchObject({
      code: "ENGINE_UNAVAILABLE",
      isRetryable: false,
      message: expect.stringContaining("There is no Glue job job.") as string,
    });
  });

  test("that is not allowed names the permission", async () => {
    await using glue = await glueWith({ StartJobRun: [new GlueFault("AccessDeniedException")] });
    await expect(jobAt(glue).run(REQUEST)).rejects.toThrow("may glue:StartJobRun on it");
  });
});

describe("a run that ends otherwise", () => {
  test("tells the fault of the step, where there is one", async () => {
    const ErrorMessage =
      "Error Category: UNCLASSIFIED_ERROR; Failed Line Number: 9; ToplineError: LEASE_HELD: by another";
    await using glue = await glueWith({ GetJobRun: [run("FAILED", { ErrorMessage })] });
    await expect(jobAt(glue).run(REQUEST)).rejects.toMatchObject({
      code: "LEASE_HELD",
      isRetryable: true,
      message: "by another",
    });
  });

  test.each(["FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"])(
    "as %s is a failure of the engine that a retry may mend, with the run's id and where its log is",
    async (state) => {
      await using glue = await glueWith({
        GetJobRun: [run(state, { ErrorMessage: "Command failed with exit code 137" })],
      });
      await expect(jobAt(glue).run(REQUEST)).rejects.toMatchObject({
        code: "ENGINE_FAILED",
        isRetryable: true,
        message: expect.stringMatching(
          new RegExp(`^Run jr_1 of Glue job job ended as ${state}: .*137.*stream jr_1`),
        ) as string,
      });
    },
  );

  test("tells where its log is in the words of who knows", async () => {
    await using glue = await glueWith({ GetJobRun: [run("TIMEOUT")] });
    const job = jobAt(glue, { logOf: (id) => `/logs/${id}.log` });
    await expect(job.run(REQUEST)).rejects.toThrow("Its log: /logs/jr_1.log.");
  });
});

describe("looking", () => {
  test("goes on over answers that fail for a while", async () => {
    const broken = new GlueFault("InternalServiceException", 500);
    await using glue = await glueWith({
      GetJobRun: [...Array.from({ length: 12 }, () => broken), run("SUCCEEDED")],
    });
    await expect(jobAt(glue).run(REQUEST)).resolves.toBeUndefined();
  });

  test("ends when Glue says no", async () => {
    await using glue = await glueWith({ GetJobRun: [new GlueFault("AccessDeniedException")] });
    await expect(jobAt(glue).run(REQUEST)).rejects.toThrow("may glue:GetJobRun on it");
  });
});

describe("a caller who gives up", () => {
  test("before anything has begun starts nothing", async () => {
    await using glue = await glueWith({});
    const signal = AbortSignal.abort();
    await expect(jobAt(glue).run(REQUEST, { signal })).rejects.toMatchObject({ code: "CANCELLED" });
    expect(glue.operations()).toEqual([]);
  });

  test("has the run stopped, and comes back when it is over", async () => {
    const cancel = new AbortController();
    await using glue = await glueWith(
      { GetJobRun: [run("RUNNING"), run("RUNNING"), run("STOPPING"), run("STOPPED")] },
      (operation, at) => void (operation === "GetJobRun" && at === 0 && cancel.abort()),
    );
    const { signal } = cancel;
    await expect(jobAt(glue).run(REQUEST, { signal })).rejects.toMatchObject({
      code: "CANCELLED",
      message: "Run jr_1 of Glue job job was stopped.",
    });
    expect(glue.inputs("BatchStopJobRun")).toEqual([{ JobName: "job", JobRunIds: ["jr_1"] }]);
    expect(glue.inputs("GetJobRun")).toHaveLength(4);
  });

  test("after a start whose answer was lost has that run stopped, too", async () => {
    const cancel = new AbortController();
    await using glue = await glueWith(
      {
        StartJobRun: ["cut"],
        GetJobRuns: [runs(), runs(liveRun())],
        GetJobRun: [run("RUNNING"), run("STOPPED")],
      },
      (operation) => void (operation === "StartJobRun" && cancel.abort()),
    );
    const { signal } = cancel;
    await expect(jobAt(glue).run(REQUEST, { signal })).rejects.toMatchObject({ code: "CANCELLED" });
    expect(glue.inputs("BatchStopJobRun")).toEqual([{ JobName: "job", JobRunIds: ["jr_0"] }]);
  });

  test("too late gets what was done", async () => {
    const cancel = new AbortController();
    await using glue = await glueWith(
      { GetJobRun: [run("RUNNING"), run("SUCCEEDED")] },
      (operation) => void (operation === "GetJobRun" && cancel.abort()),
    );
    const { signal } = cancel;
    await expect(jobAt(glue).run(REQUEST, { signal })).resolves.toBeUndefined();
  });

  test("does not wait for a Glue that is gone, and is told", async () => {
    const cancel = new AbortController();
    await using glue = await glueWith(
      { GetJobRun: [run("RUNNING"), "cut"] },
      (operation) => void (operation === "GetJobRun" && cancel.abort()),
    );
    const { signal } = cancel;
    await expect(jobAt(glue).run(REQUEST, { signal })).rejects.toMatchObject({
      code: "CANCELLED",
      message: expect.stringContaining("was not seen to stop") as string,
    });
  });
});
