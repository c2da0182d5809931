import process from "node:process";
import { ANSWERS, type FaultCall, type HttpFault, type Rule } from "@topline/local-harness/faults";
import { table } from "table";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Clouds, type ProxiedDeployment, startClouds } from "./behind-proxy.ts";
import type { Outcome } from "./topline.ts";

/**
 * `topline run` as a process of its own, which meets each kind of fault once at each operation that it asks S3 and
 * DynamoDB for. The exit code says what came of it, and the next run ends as if nothing had happened.
 */

const FILES = {
  "users.csv": "user_id,user_name,user_age,user_country,created_at\nu1,,,,\nu2,,,,\n",
  "songs.csv":
    "track_id,artists,album_name,track_name,duration_ms,track_genre\nt1,,,,1000,pop\nt2,,,,2000,rock\n",
  "streams/a.csv":
    "user_id,track_id,listen_time\nu1,t1,2024-06-25 10:00:00\nu2,t2,2024-06-26 10:00:00\nbad\n",
  "streams/bad.csv": "user_id,track_id,listen_time\nx\ny\n",
};
const DATE = ["--date", "2024-06-27"];

interface Kind {
  readonly rule: (call: Target) => Omit<Rule<HttpFault>, "on">;
  /** How the run ends that meets it: always the same, or `either` done or failed, with the promise to go on. */
  readonly ends: "done" | "either" | "killed";
}

type Target = Pick<FaultCall, "service" | "action">;

const answer = (name: keyof typeof ANSWERS, moment: "before" | "after" = "before") =>
  ({ kind: "answer", moment, answer: ANSWERS[name] }) as const;
const of = (service: string, s3: HttpFault, dynamodb: HttpFault) =>
  service === "s3" ? s3 : dynamodb;

const KINDS: Readonly<Record<string, Kind>> = {
  "500 once": {
    rule: ({ service }) => ({
      fault: of(service, answer("internalError"), answer("internalServerError")),
    }),
    ends: "done",
  },
  "a reset after its effect": {
    rule: () => ({ fault: { kind: "reset", moment: "after" } }),
    ends: "done",
  },
  "throttling, three times": {
    rule: ({ service }) => ({
      fault: of(service, answer("slowDown"), answer("throughputExceeded")),
      times: 3,
    }),
    ends: "done",
  },
  "throttling for ever": {
    rule: ({ service }) => ({
      fault: of(service, answer("slowDown"), answer("throttling")),
      times: Number.POSITIVE_INFINITY,
    }),
    ends: "either",
  },
  SIGKILL: {
    rule: () => ({ fault: { kind: "hold", moment: "before", until: new Promise(() => {}) } }),
    ends: "killed",
  },
};

let clouds: Clouds;
let targets: readonly Target[] = [];
let expected: object;

async function begun(): Promise<ProxiedDeployment> {
  const deployment = await clouds.newDeployment();
  await deployment.deliver(FILES);
  return deployment;
}

beforeAll(async () => {
  clouds = await startClouds();
  await using deployment = await begun();
  const recorded = await deployment.as("recorded");
  const first = clouds.proxy.calls.length;
  const { code, stderr } = await recorded.topline("run", ...DATE);
  if (code !== 0) throw new Error(`The run without faults failed: ${stderr}`);
  expected = await deployment.outcome();
  const calls = clouds.proxy.calls.slice(first);
  targets = [...Map.groupBy(calls, ({ service, action }) => `${service} ${action}`).values()].map(
    ([call]) => ({ service: call!.service, action: call!.action }),
  );
});
afterAll(() => clouds?.[Symbol.asyncDispose]());

test("a run asks both services for many operations", () => {
  // A lease is renewed when the run takes long enough.
  const names = targets.map(({ service, action }) => `${service} ${action}`);
  expect(names.filter((name) => name !== "dynamodb UpdateItem").sort()).toEqual(OPERATIONS);
});

/** What the tests below are made of: that it is what a run asks for, the test above sees to. */
const OPERATIONS: readonly string[] = [
  "dynamodb DeleteItem",
  "dynamodb DescribeTable",
  "dynamodb GetItem",
  "dynamodb Query",
  "dynamodb Scan",
  "dynamodb TransactWriteItems",
  "s3 CopyObject",
  "s3 DeleteObject",
  "s3 GetObject",
  "s3 HeadBucket",
  "s3 HeadObject",
  "s3 ListObjectsV2",
  "s3 PutObject",
];

const counts = new Map<string, string>();

describe.concurrent.each(Object.entries(KINDS))("%s", (kind, { rule, ends }) => {
  test.for(OPERATIONS)("at %s", { timeout: 300_000 }, async (operation, { expect }) => {
    const [service = "", action = ""] = operation.split(" ");
    await using deployment = await begun();
    const victims = await deployment.as("victim");
    const isMeant = ({ role, ...call }: FaultCall) =>
      role.startsWith(deployment.state.endpoint!.bucket) &&
      call.service === service &&
      call.action === action;
    const injection = clouds.proxy.inject({ on: isMeant, ...rule({ service, action }) });
    const victim = victims.start("run", ...DATE, "--json");
    if (ends === "killed") {
      await injection.reached;
      victim.kill("SIGKILL");
    }
    const ended = await victim.finished;
    injection.remove();
    expect(injection.hits.length).toBeGreaterThan(0);
    counts.set(`${kind} ${operation}`, shown(ended));
    if (ends === "killed") expect(ended.code).toBeNull();
    else if (ends === "done" || ended.code === 0) expect(ended.code, ended.stdout).toBe(0);
    else {
      expect(ended.code).toBe(1);
      expect(ended.json()).toMatchObject({
        error: { code: "STORE_UNAVAILABLE", is_retryable: true },
      });
    }

    const next = await deployment.state.topline("run", ...DATE, "--json");
    expect(next.code, next.stdout + next.stderr).toBe(0);
    expect(await deployment.outcome()).toEqual(expected);
  });
});

function shown({ code, stdout }: Outcome): string {
  if (code === null) return "killed";
  const { error } = JSON.parse(stdout) as { error: { code: string } | null };
  return `${code}${error === null ? "" : ` ${error.code}`}`;
}

afterAll(() => {
  const kinds = Object.keys(KINDS);
  const rows = [["", ...kinds]];
  for (const operation of OPERATIONS) {
    const row = [operation];
    for (const kind of kinds) row.push(counts.get(`${kind} ${operation}`) ?? "-");
    rows.push(row);
  }
  process.stdout.write(`\nHow the run ended that met the fault\n${table(rows)}`);
});
