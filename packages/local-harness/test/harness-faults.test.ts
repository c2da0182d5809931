import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { ToplineError } from "@topline/core";
import { expect, test } from "vitest";
import { takeLifeline } from "../src/harness/lifeline.ts";
import { openHarnessBy, type OpenHarnessOptions } from "../src/harness/open.ts";
import { boundLog } from "../src/harness/log.ts";
import {
  answers,
  END_MS,
  FAKE_DAEMON,
  isRunning,
  Place,
  placeWith,
  isDeserted,
  until,
} from "./harness-processes.ts";

const open = (place: Place, options: Partial<OpenHarnessOptions> = {}) =>
  openHarnessBy(FAKE_DAEMON, { stateDirectory: place.state, ...options });

/** Beyond the largest process id of Linux. */
const NOBODY = 4_194_305;

async function faultOf(opening: Promise<AsyncDisposable>): Promise<ToplineError> {
  try {
    await (await opening)[Symbol.asyncDispose]();
  } catch (error) {
    if (error instanceof ToplineError) return error;
    throw error;
  }
  throw new Error("Expected a fault, but the harness opened");
}

test("a part that fails tells why, and the next opening may succeed", async () => {
  await using place = await placeWith({ s3Fails: "no space left" });
  const fault = await faultOf(open(place));
  expect(fault.code).toBe("HARNESS_UNAVAILABLE");
  expect(fault.message).toContain("S3");
  expect(fault.message).toContain("no space left");
  await writeFile(join(place.state, "faults.json"), "{}");
  await using harness = await open(place);
  expect(await answers(harness.endpoints.s3)).toBe(true);
});

test("a part that does not come up is named", async () => {
  await using place = await placeWith({ dynamoHangs: true, startTimeoutMs: 500 });
  const fault = await faultOf(open(place));
  expect(fault.code).toBe("HARNESS_UNAVAILABLE");
  expect(fault.message).toContain("DynamoDB server did not come up: it was not ready after 500 ms");
});

test("a port that is taken is told, by the system's own words", async () => {
  await using place = await Place.make();
  const squatter = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => squatter.once("listening", resolve));
  const { port } = squatter.address() as AddressInfo;
  const fault = await faultOf(open(place, { s3Port: port }));
  squatter.close();
  expect(fault.message).toContain("EADDRINUSE");
  expect(fault.message).toContain(String(port));
});

test("a bucket that cannot be made is refused with the server's answer", async () => {
  await using place = await placeWith({ bucketStatus: 400 });
  const fault = await faultOf(open(place, { bucket: "Not A Bucket" }));
  expect(fault.code).toBe("HARNESS_UNAVAILABLE");
  expect(fault.message).toContain('answered 400 when it was asked for bucket "Not A Bucket"');
});

test("a process that breaks at its start shows what it wrote", async () => {
  await using place = await placeWith({ crash: "the moon is in the wrong house" });
  const fault = await faultOf(open(place));
  expect(fault.code).toBe("HARNESS_UNAVAILABLE");
  expect(fault.message).toContain("exit code 1");
  expect(fault.message).toContain("the moon is in the wrong house");
  expect(fault.message).toContain(join(place.state, "harness.log"));
});

test("a process that says nothing is given up on, and does not stay", async () => {
  await using place = await placeWith({ isWedged: true });
  const fault = await faultOf(open(place, { timeoutMs: 700 }));
  expect(fault.code).toBe("HARNESS_UNAVAILABLE");
  expect(fault.message).toContain("within 700 ms");
  expect(fault.message).toContain(join(place.state, "harness.log"));
  await until("its process has ended", () => isDeserted(place.state), END_MS);
});

test("a harness that hangs is named to those who wait for it", async () => {
  await using place = await Place.make();
  await using harness = await open(place);
  const pid = await place.daemonPid();
  process.kill(pid, "SIGSTOP");
  try {
    const fault = await faultOf(open(place, { timeoutMs: 500 }));
    expect(fault.code).toBe("HARNESS_UNAVAILABLE");
    expect(fault.message).toContain(`Process ${pid}`);
  } finally {
    process.kill(pid, "SIGCONT");
  }
  expect(await answers(harness.endpoints.s3)).toBe(true);
});

test("opening can be given up, and leaves nothing behind", async () => {
  await using place = await placeWith({ dynamoHangs: true });
  const command = new AbortController();
  const reason = new Error("Ctrl-C");
  const opening = faultOf(open(place, { signal: command.signal }));
  const log = join(place.state, "harness.log");
  const starts = () =>
    readFile(log, "utf8").then(
      (text) => text.includes("S3 starts"),
      () => false,
    );
  await until("the harness starts", starts, 10_000);
  command.abort(reason);
  const fault = await opening;
  expect(fault.code).toBe("CANCELLED");
  expect(fault.cause).toBe(reason);
  await until("its process has ended", () => isDeserted(place.state), END_MS);
});

test("a state directory that cannot be one is told", async () => {
  await using place = await Place.make();
  await writeFile(place.state, "a file");
  const fault = await faultOf(open(place));
  expect(fault.code).toBe("HARNESS_UNAVAILABLE");
  expect(fault.message).toContain(`${place.state} cannot be written`);
});

test("a path too long for a lock is told", async () => {
  await using place = await Place.make(Array.from({ length: 6 }, () => "x".repeat(90)).join("/"));
  const fault = await faultOf(open(place));
  expect(fault.code).toBe("HARNESS_UNAVAILABLE");
  expect(fault.message).toContain("nearer to the root");
});

test("a record that leads nowhere is passed over", async () => {
  await using place = await placeWith({});
  const squatter = createServer((socket) => socket.end("SSH-2.0-OpenSSH\r\n"));
  await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
  const { port } = squatter.address() as AddressInfo;
  const stale = { pid: NOBODY, port, token: "old", s3: "http://x", dynamodb: "http://y" };
  await writeFile(join(place.state, "harness.json"), JSON.stringify(stale));
  await using harness = await open(place);
  squatter.close();
  expect(await answers(harness.endpoints.s3)).toBe(true);
  expect(await place.daemonPid()).not.toBe(NOBODY);
});

test.for(["", "null", '{"pid":1}'])("a record that says %j is passed over", async (text) => {
  await using place = await placeWith({});
  await writeFile(join(place.state, "harness.json"), text);
  await using harness = await open(place);
  expect(await answers(harness.endpoints.s3)).toBe(true);
});

test("whoever knows no token is not let in", async () => {
  await using place = await Place.make();
  const harness = await open(place);
  const path = join(place.state, "harness.json");
  const record = await readFile(path, "utf8");
  const pid = await place.daemonPid();
  const { port } = JSON.parse(record) as { port: number };
  const backend = "embedded";
  const ends = { s3: "", dynamodb: "", glue: "", lambda: "" };
  const guess = { pid, port, token: "guess", ...ends, backend } as const;
  const request = { bucket: "topline", backend, reuse: false } as const;
  const arrival = await takeLifeline(guess, request, AbortSignal.timeout(5_000));
  expect(arrival.status).toBe("gone");
  await harness[Symbol.asyncDispose]();
});

test("another port than the running harness's is refused while it is used, and given afterwards", async () => {
  await using place = await Place.make();
  const free = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => free.once("listening", resolve));
  const { port } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  const first = await open(place);
  const fault = await faultOf(open(place, { s3Port: port }));
  expect(fault.code).toBe("HARNESS_UNAVAILABLE");
  expect(fault.message).toContain(first.endpoints.s3);
  const pid = await place.daemonPid();
  await first[Symbol.asyncDispose]();
  await using second = await open(place, { s3Port: port });
  expect(second.endpoints.s3).toBe(`http://127.0.0.1:${port}`);
  expect(await isRunning(pid)).toBe(false);
  await using third = await open(place, { s3Port: port });
  expect(third.endpoints).toEqual(second.endpoints);
});

test("a log does not grow without end", async () => {
  await using place = await placeWith({});
  const path = join(place.state, "harness.log");
  await writeFile(path, "0123456789");
  await boundLog(path, 10);
  expect(await readFile(path, "utf8")).toBe("0123456789");
  await boundLog(path, 9);
  expect(await readFile(path, "utf8")).toBe("");
  expect(await readFile(`${path}.1`, "utf8")).toBe("0123456789");
});
