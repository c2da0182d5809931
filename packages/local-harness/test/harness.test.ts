import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, test } from "vitest";
import { openHarnessBy } from "../src/harness/open.ts";
import {
  answers,
  END_MS,
  FAKE_DAEMON,
  hasEnded,
  isDeserted,
  Place,
  placeWith,
  until,
} from "./harness-processes.ts";

const open = (stateDirectory: string) => openHarnessBy(FAKE_DAEMON, { stateDirectory });

describe("one harness per state directory", () => {
  test("ten users that come at once share one", async () => {
    await using place = await placeWith({ s3StartMs: 300 });
    const opened = await Promise.all(Array.from({ length: 10 }, () => open(place.state)));
    const endpoints = opened.map((harness) => harness.endpoints);
    expect(new Set(endpoints.map(({ s3, dynamodb }) => `${s3} ${dynamodb}`)).size).toBe(1);
    expect(await answers(endpoints[0]?.s3 ?? "")).toBe(true);
    const log = await readFile(join(place.state, "harness.log"), "utf8");
    expect(log.match(/S3 starts/g)).toHaveLength(1);
    await Promise.all(opened.map((harness) => harness[Symbol.asyncDispose]()));
  });

  test("it lasts as long as somebody holds it, and ends with the last", async () => {
    await using place = await Place.make();
    const first = await open(place.state);
    const second = await open(place.state);
    const pid = await place.daemonPid();
    await first[Symbol.asyncDispose]();
    const third = await open(place.state);
    await second[Symbol.asyncDispose]();
    expect(third.endpoints).toEqual(first.endpoints);
    expect(await place.daemonPid()).toBe(pid);
    await third[Symbol.asyncDispose]();
    await until("the harness has ended", () => hasEnded(pid, first.endpoints), END_MS);
    await expect(stat(join(place.state, "harness.json"))).rejects.toThrow("ENOENT");
  });

  test("the record of a running harness is its owner's alone", async () => {
    await using place = await Place.make();
    await using _harness = await open(place.state);
    const { mode } = await stat(join(place.state, "harness.json"));
    expect(mode & 0o777).toBe(0o600);
  });

  test("two directories have a harness each", async () => {
    await using one = await Place.make();
    await using two = await Place.make();
    await using first = await open(one.state);
    await using second = await open(two.state);
    expect(first.endpoints.s3).not.toBe(second.endpoints.s3);
  });

  test.for([
    "with spaces and 'quotes\" & $HOME",
    "Zürich/音楽/é",
    "%20?#",
    `${"long".repeat(50)}/x`,
  ])("in a directory named %s", async (name) => {
    await using place = await Place.make(name);
    await using harness = await open(place.state);
    expect(await answers(harness.endpoints.s3)).toBe(true);
    expect((await stat(join(place.state, "harness.lock"))).isFile()).toBe(true);
  });

  test("whoever is let in is served, however close it comes to the end", async () => {
    await using place = await placeWith({ graceMs: 1 });
    const pids = new Set<number>();
    const comeAndGo = async () => {
      // And on, until one has ended between two users.
      for (let round = 0; round < 30 || pids.size < 2; round++) {
        await using harness = await open(place.state);
        pids.add(await place.daemonPid());
        const answer = await fetch(new URL("/topline", harness.endpoints.s3), { method: "PUT" });
        expect(answer.status).toBe(200);
        expect(await answer.text()).toBe(place.state);
      }
    };
    await Promise.all([comeAndGo(), comeAndGo()]);
  });
});

describe("however its users end", () => {
  test.for([
    ["ends orderly", undefined],
    ["is killed", "SIGKILL"],
    ["is interrupted", "SIGINT"],
  ] as const)("a harness ends when its one user %s", async ([, signal]) => {
    await using place = await Place.make();
    const user = place.user(FAKE_DAEMON);
    const endpoints = await user.endpoints;
    const pid = await place.daemonPid();
    if (signal === undefined) user.end();
    else process.kill(user.pid, signal);
    await until("the harness has ended", () => hasEnded(pid, endpoints), END_MS);
    await expect(stat(join(place.state, "harness.json"))).rejects.toThrow("ENOENT");
  });

  test("a user that is killed while it waits for the harness leaves none behind", async () => {
    await using place = await placeWith({ dynamoHangs: true });
    const user = place.user(FAKE_DAEMON);
    const log = join(place.state, "harness.log");
    const starts = () =>
      readFile(log, "utf8").then(
        (text) => text.includes("S3 starts"),
        () => false,
      );
    await until("the harness starts", starts, 10_000);
    user.kill();
    await until("all have ended", () => isDeserted(place.state), END_MS);
    await expect(stat(join(place.state, "harness.json"))).rejects.toThrow("ENOENT");
  });

  test("the output of whoever started it closes while it runs on for others", async () => {
    await using place = await Place.make();
    const starter = place.user(FAKE_DAEMON);
    await starter.endpoints;
    await using harness = await open(place.state);
    starter.end();
    expect(await starter.closed).toBe(0);
    expect(await answers(harness.endpoints.s3)).toBe(true);
  });

  test("Ctrl-C in the terminal of whoever started it does not reach it", async () => {
    await using place = await Place.make();
    const user = place.user(FAKE_DAEMON);
    await user.endpoints;
    const session = async (pid: number) =>
      (await readFile(`/proc/${pid}/stat`, "utf8"))
        .replace(/^.*\) /, "")
        .split(" ")
        .slice(2, 4);
    const daemon = await place.daemonPid();
    expect(await session(daemon)).toEqual([String(daemon), String(daemon)]);
    expect(await session(user.pid)).not.toEqual([String(daemon), String(daemon)]);
  });
});

describe("however the harness ends", () => {
  test.for(["SIGKILL", "SIGTERM"] as const)("by %s, its users hear of it", async (signal) => {
    await using place = await Place.make();
    const user = place.user(FAKE_DAEMON);
    const before = await user.endpoints;
    const pid = await place.daemonPid();
    process.kill(pid, signal);
    expect(await user.closed).toBe(3);
    expect(user.output()).toContain('{"lost":"HARNESS_UNAVAILABLE"}');
    await using harness = await open(place.state);
    expect(await place.daemonPid()).not.toBe(pid);
    expect(await answers(harness.endpoints.s3)).toBe(true);
    expect(before.bucket).toBe(harness.endpoints.bucket);
  });

  test("when one of its parts does", async () => {
    await using place = await placeWith({ dynamoIsMortal: true });
    await using harness = await open(place.state);
    await fetch(harness.endpoints.dynamodb);
    const fault = await harness.lost;
    expect(fault.message).toContain(join(place.state, "harness.log"));
    const log = await readFile(join(place.state, "harness.log"), "utf8");
    expect(log).toContain("a part of it ended: exit code 7");
  });

  test("when its state directory is deleted, and the next begins anew", async () => {
    await using place = await Place.make();
    await using first = await open(place.state);
    const pid = await place.daemonPid();
    await rm(place.state, { recursive: true });
    await using second = await open(place.state);
    expect(second.endpoints.s3).not.toBe(first.endpoints.s3);
    await first.lost;
    await until("the first has ended", () => hasEnded(pid, first.endpoints), END_MS);
    expect(await place.daemonPid()).not.toBe(pid);
    expect(await answers(second.endpoints.s3)).toBe(true);
  });

  test("though a part does not close", async () => {
    await using place = await placeWith({ closeHangs: true });
    const harness = await open(place.state);
    const pid = await place.daemonPid();
    await harness[Symbol.asyncDispose]();
    await until("the harness has ended", () => hasEnded(pid, harness.endpoints), END_MS);
    await expect(stat(join(place.state, "harness.json"))).rejects.toThrow("ENOENT");
  });
});
