import {
  archive,
  type PipelineContext,
  preview,
  run,
  ToplineError,
  transform,
  type TransformJob,
  type TransformJobRequest,
  validate,
} from "@topline/core";
import { expect, test } from "vitest";
import { contextOf, drop, newWorld, plays, smallPlan, SONGS, STREAMS, USERS } from "./world.ts";

const FILES = { "songs.csv": SONGS, "users.csv": USERS, "streams/a.csv": STREAMS };
const TABLES = ["2024-06-25 pop 2", "2024-06-26 rock 1"];

type World = ReturnType<typeof newWorld>;

/** A job that does the step somewhere else, over the same world, as another holder. */
function jobIn(world: World, options: Partial<PipelineContext> = {}) {
  const requests: TransformJobRequest[] = [];
  const elsewhere = contextOf(world, {
    engine: { ...contextOf(world).engine, name: "spark 3" },
    ...options,
  });
  const job: TransformJob = {
    name: "the job",
    async run(request) {
      requests.push(request);
      const { runId, holder, leaseSeconds, waitForLease } = request;
      await transform({ ...elsewhere, holder, leaseSeconds, waitForLease }, runId);
    },
  };
  return { job, requests };
}

async function validated(): Promise<World> {
  const world = newWorld();
  await drop(world, FILES);
  await validate(contextOf(world), { runId: "r1" });
  return world;
}

const jobThat = (act: TransformJob["run"]): TransformJob => ({ name: "the job", run: act });

const failing = (fault: Error) =>
  jobThat(async () => {
    throw fault;
  });

test("a run whose transform a job does yields what the engine's own yields, and names the job's engine", async () => {
  const world = newWorld();
  await drop(world, FILES);
  const { job, requests } = jobIn(world);
  const context = contextOf(world, { transformJob: job, holder: "me", waitForLease: true });
  const report = await run(context, { runId: "r1" });
  expect(report).toMatchObject({ status: "succeeded", engine: "spark 3", error: null });
  expect(await plays(world)).toEqual(TABLES);
  expect(requests).toEqual([{ runId: "r1", holder: "me", leaseSeconds: 30, waitForLease: true }]);
});

test("who starts a job holds no lease meanwhile", async () => {
  const world = await validated();
  let holder: string | undefined = "nobody looked";
  const job = jobThat(async () => {
    holder = (await world.ledger.holder())?.holder;
    throw new ToplineError("ENGINE_FAILED", "enough");
  });
  await expect(transform(contextOf(world, { transformJob: job }), "r1")).rejects.toThrow("enough");
  expect(holder).toBeUndefined();
});

test("a step that has succeeded is returned without a job", async () => {
  const world = await validated();
  const done = await transform(contextOf(world), "r1");
  const { job, requests } = jobIn(world);
  expect(await transform(contextOf(world, { transformJob: job }), "r1")).toEqual(done);
  expect(requests).toEqual([]);
});

test("a run that is not there or not open is told without a job", async () => {
  const world = await validated();
  const { job, requests } = jobIn(world);
  const context = contextOf(world, { transformJob: job });
  await expect(transform(context, "r2")).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
  const lease = await world.ledger.acquire("closer", 30);
  await world.ledger.close("r1", lease);
  await world.ledger.release(lease);
  await expect(transform(context, "r1")).rejects.toMatchObject({ code: "STEP_OUT_OF_ORDER" });
  expect(requests).toEqual([]);
});

test("a job that fails after its work was done has done it", async () => {
  const world = await validated();
  const { job } = jobIn(world);
  const late = jobThat(async (request) => {
    await job.run(request);
    throw new ToplineError("ENGINE_FAILED", "killed on its way out");
  });
  const result = await transform(contextOf(world, { transformJob: late }), "r1");
  expect(result.tables).toEqual([{ table: "PLAYS", put: 2, deleted: 0, unchanged: 0 }]);
});

test("the step's own fault comes as it was recorded, whole and with what is known of a retry", async () => {
  const world = await validated();
  const cut = jobThat(async ({ runId }) => {
    const fault = new ToplineError("STORE_REFUSED", "all of it", { isRetryable: true });
    const open = () => Promise.reject(fault);
    const engine = { name: "small 1", open };
    await transform(contextOf(world, { engine }), runId).catch(() => {});
    throw new ToplineError("STORE_REFUSED", "all o");
  });
  await expect(transform(contextOf(world, { transformJob: cut }), "r1")).rejects.toMatchObject({
    code: "STORE_REFUSED",
    message: "all of it",
    isRetryable: true,
  });
});

test("an earlier attempt's record is not taken for the fault of this one", async () => {
  const world = await validated();
  const stuck = contextOf(world, { plan: smallPlan(2, { broken: true }) });
  await validate(stuck, { runId: "r1" });
  await expect(transform(stuck, "r1")).rejects.toMatchObject({ code: "AUDIT_FAILED" });
  const job = failing(new ToplineError("AUDIT_FAILED", "another one"));
  await expect(transform(contextOf(world, { transformJob: job }), "r1")).rejects.toMatchObject({
    message: "another one",
  });
});

test.each(["LEASE_HELD", "LEASE_LOST", "ENGINE_FAILED", "CANCELLED"] as const)(
  "%s of a job is the run's fault, and the run stays open",
  async (code) => {
    const world = await validated();
    const context = contextOf(world, { transformJob: failing(new ToplineError(code, "why")) });
    const report = await run(context, { runId: "r2" });
    expect(report).toMatchObject({ status: "failed", run_id: "r1", engine: "the job" });
    expect(report.error).toMatchObject({
      code,
      message: "why",
      is_retryable: code !== "ENGINE_FAILED",
    });
    expect(await world.ledger.openRun()).toBe("r1");
  },
);

test("success without a result is a fault that says where it was looked for", async () => {
  const world = await validated();
  const context = contextOf(world, { transformJob: jobThat(async () => {}) });
  await expect(transform(context, "r1")).rejects.toMatchObject({
    code: "ENGINE_FAILED",
    isRetryable: false,
    message: expect.stringMatching(
      /the job ended with success.*runs\/r1\/transform\.json/,
    ) as string,
  });
});

test("the caller's signal reaches the job", async () => {
  const world = await validated();
  const { signal } = new AbortController();
  let given: AbortSignal | undefined;
  const job = jobThat(async (_request, options) => {
    given = options?.signal;
    throw new ToplineError("CANCELLED", "stopped");
  });
  await transform(contextOf(world, { transformJob: job, signal }), "r1").catch(() => {});
  expect(given).toBe(signal);
});

test("a preview looks with the engine of its own process", async () => {
  const world = newWorld();
  await drop(world, FILES);
  await run(contextOf(world), { runId: "r1" });
  await drop(world, { "songs.csv": "track_id,genre\nt1,jazz\nt2,rock\n" });
  await validate(contextOf(world), { runId: "r2" });
  await transform(contextOf(world), "r2");
  await archive(contextOf(world), "r2");
  const lease = await world.ledger.acquire("test", 30);
  const cursor = await world.ledger.cursor();
  if (cursor === undefined) throw new Error("Nothing was published.");
  await world.ledger.moveCursor({ ...cursor, zone: { ...cursor.zone, songs: 0 } }, lease);
  const job = failing(new Error("A preview starts no job."));
  const { dates } = await preview(contextOf(world, { transformJob: job }));
  expect(dates.map(({ date }) => date)).toEqual(["2024-06-25"]);
});
