import { hostname } from "node:os";
import type { FaultCall } from "@topline/local-harness/faults";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Clouds, type ProxiedDeployment, startClouds } from "./behind-proxy.ts";
import type { Running } from "./topline.ts";

/**
 * One works at a time, also where a process stands still for longer than its lease, and goes on as if nothing had
 * happened. Processes are stopped at a call of theirs that the proxy holds.
 */

const FILES = {
  "users.csv": "user_id,user_name,user_age,user_country,created_at\nu1,,,,\nu2,,,,\n",
  "songs.csv":
    "track_id,artists,album_name,track_name,duration_ms,track_genre\nt1,,,,1000,pop\nt2,,,,2000,rock\n",
  "streams/a.csv":
    "user_id,track_id,listen_time\nu1,t1,2024-06-25 10:00:00\nu2,t2,2024-06-26 10:00:00\nbad\n",
};
const RUN = ["--run-id", "r1"];

let clouds: Clouds;
beforeAll(async () => {
  clouds = await startClouds();
});
afterAll(() => clouds?.[Symbol.asyncDispose]());

type Moment = (call: FaultCall) => boolean;

/** A process that stands at a call, until it is let go. */
interface Standing {
  readonly process: Running;
  letGo(): void;
}

async function standing(
  deployment: ProxiedDeployment,
  moment: Moment,
  ...args: readonly string[]
): Promise<Standing> {
  const { bucket } = deployment.state.endpoint!;
  const { promise: until, resolve: letGo } = Promise.withResolvers<void>();
  const { reached } = clouds.proxy.inject({
    on: (call) => call.role === `${bucket} victim` && moment(call),
    fault: { kind: "hold", moment: "before", until },
  });
  const process = (await deployment.as("victim")).start(...args);
  const ended = process.finished.then(({ stdout, stderr }) => {
    throw new Error(`It ended before it came there: ${stdout}${stderr}`);
  });
  await Promise.race([reached, ended]);
  ended.catch(() => {});
  return { process, letGo };
}

const transacts =
  (table: string, occurrence = 1): Moment =>
  (call) =>
    call.action === "TransactWriteItems" &&
    call.resource.endsWith(table) &&
    call.occurrence === occurrence;
const puts =
  (pattern: RegExp, occurrence = 1): Moment =>
  (call) =>
    call.action === "PutObject" && pattern.test(call.resource) && call.occurrence === occurrence;

/** All that there is to change: what the run has left, to the letter. */
async function everything({ bucket, zone, ledger, outcome }: ProxiedDeployment) {
  const documents = (await bucket.keys("runs/")).filter((key) => key.endsWith(".json"));
  const texts = documents.map(async (key) => [key, await bucket.read(key)] as const);
  return {
    ...(await outcome()),
    versions: [(await zone.snapshot("streams")).version, (await zone.snapshot("songs")).version],
    cursor: await ledger.cursor(),
    runs: await Array.fromAsync(ledger.list()),
    sources: await Array.fromAsync(ledger.sources()),
    documents: Object.fromEntries(await Promise.all(texts)),
  };
}

/** The process is stopped, another finishes the run when the lease has run out, and the process wakes up again. */
async function overtaken(deployment: ProxiedDeployment, victim: Standing) {
  victim.process.kill("SIGSTOP");
  const other = await deployment.state.topline("run", "--json");
  expect(other.code, other.stdout + other.stderr).toBe(0);
  const before = await everything(deployment);
  victim.letGo();
  victim.process.kill("SIGCONT");
  const ended = await victim.process.finished;
  return { before, after: await everything(deployment), ended };
}

const TRANSFORMING: readonly (readonly [string, Moment])[] = [
  [
    "reads its copies",
    ({ action, resource }) => action === "GetObject" && /\/input\//.test(resource),
  ],
  ["writes a data file", puts(/^processed\/streams\/date=.*parquet$/)],
  ["writes the quarantine", puts(/^quarantine\//)],
  ["commits the first table", puts(/^processed\/songs\/_delta_log\//)],
  ["commits the last table", puts(/^processed\/streams\/_delta_log\//)],
  ["publishes its first table", transacts("GENRE_KPIS")],
  ["publishes its last table", transacts("TOP_GENRES")],
  // The first is the one that takes the lease.
  ["moves the cursor", transacts("PIPELINE_RUNS", 2)],
];

describe.concurrent("a transform that is paused beyond its lease and overtaken", () => {
  test.for(TRANSFORMING)("while it %s changes nothing more", async ([, moment], { expect }) => {
    await using deployment = await clouds.newDeployment();
    await deployment.deliver(FILES);
    await deployment.state.topline("step", "validate", ...RUN);
    const victim = await standing(deployment, moment, "step", "transform", "--json");
    const { before, after, ended } = await overtaken(deployment, victim);
    expect(after).toEqual(before);
    expect(ended.json()).toMatchObject({ error: { code: "LEASE_LOST", is_retryable: true } });
    expect(ended.code).toBe(1);
    const again = await deployment.state.topline("step", "transform", ...RUN, "--json");
    expect([again.code, again.json<{ run_id: string }>().run_id]).toEqual([0, "r1"]);
  });

  test("while it tells of its success leaves figures and the run's report alone", async ({
    expect,
  }) => {
    await using deployment = await clouds.newDeployment();
    await deployment.deliver(FILES);
    await deployment.state.topline("step", "validate", ...RUN);
    // The first says that it has begun.
    const victim = await standing(deployment, puts(/\/transform\.json$/, 2), "step", "transform");
    const { before, after, ended } = await overtaken(deployment, victim);
    const { documents: told, ...rest } = before;
    const { documents: found, ...restAfter } = after;
    expect(restAfter).toEqual(rest);
    expect(found["runs/r1/report.json"]).toBe(told["runs/r1/report.json"]);
    expect(JSON.parse(found["runs/r1/transform.json"] ?? "")).toMatchObject({
      status: "succeeded",
    });
    expect(ended.code, ended.stderr).toBe(0);
  });
});

describe.concurrent("an archive that is paused beyond its lease and overtaken", () => {
  test.for<[string, Moment]>([
    [
      "copies a file",
      ({ action, resource }) => action === "CopyObject" && /archive/.test(resource),
    ],
    [
      "empties the inbox",
      ({ action, resource }) => action === "DeleteObject" && /raw-data/.test(resource),
    ],
    ["records its sources", transacts("PIPELINE_RUNS", 2)],
  ])("while it %s changes nothing more", async ([, moment], { expect }) => {
    await using deployment = await clouds.newDeployment();
    await deployment.deliver(FILES);
    await deployment.state.topline("step", "validate", ...RUN);
    await deployment.state.topline("step", "transform", ...RUN);
    const victim = await standing(deployment, moment, "step", "archive", "--json");
    const { before, after, ended } = await overtaken(deployment, victim);
    expect(after).toEqual(before);
    expect(ended.json()).toMatchObject({ error: { code: "LEASE_LOST", is_retryable: true } });
    expect(ended.code).toBe(1);
  });
});

interface Status {
  readonly open_run: string | null;
  readonly lease: {
    readonly holder: string;
    readonly expires_at: string;
    readonly is_expired: boolean;
  } | null;
}

test("a killed step is shown as the holder, and is followed when its lease has run out", async () => {
  await using deployment = await clouds.newDeployment();
  const { state } = deployment;
  await deployment.deliver(FILES);
  await state.topline("step", "validate", ...RUN);
  const victim = await standing(deployment, transacts("GENRE_KPIS"), "step", "transform");
  victim.process.kill("SIGKILL");
  expect((await victim.process.finished).code).toBeNull();

  const shown = (await state.topline("status", "--json")).json<Status>();
  expect(shown).toMatchObject({
    open_run: "r1",
    lease: {
      holder: `topline step transform (process ${victim.process.pid} on ${hostname()})`,
    },
  });
  const next = await state.topline("step", "transform", "--json");
  expect(next.code, next.stderr).toBe(0);
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(shown.lease!.expires_at));
  expect((await state.topline("status", "--json")).json<Status>().lease).toBeNull();
});

test("two runs that are started together do their work one after the other", async () => {
  await using deployment = await clouds.newDeployment();
  const { state } = deployment;
  await deployment.deliver(FILES);
  const first = await standing(deployment, transacts("GENRE_KPIS"), "run", "--json");
  const second = state.start("run", "--json");
  await second.said("Waiting.");
  const { lease } = (await state.topline("status", "--json")).json<Status>();
  expect(lease).toMatchObject({
    holder: `topline run (process ${first.process.pid} on ${hostname()})`,
    is_expired: false,
  });
  first.letGo();
  const [one, two] = await Promise.all([first.process.finished, second.finished]);
  expect([one.code, two.code], one.stderr + two.stderr).toEqual([0, 0]);
  interface Told {
    readonly run_id: string;
    readonly status: string;
  }
  const reports = [one.json<Told>(), two.json<Told>()];
  expect(reports[0]!.status).toBe("succeeded");
  // Whoever comes between the other's steps finishes its run.
  const isFinishing = reports[1]!.run_id === reports[0]!.run_id;
  expect(reports[1]!.status).toBe(isFinishing ? "succeeded" : "nothing-to-do");
  const runs = await Array.fromAsync(deployment.ledger.list());
  expect(runs.map(({ run_id, status }) => [run_id, status])).toEqual([
    [reports[0]!.run_id, "succeeded"],
  ]);
  expect(await deployment.bucket.keys("raw-data/")).toEqual([]);
});
