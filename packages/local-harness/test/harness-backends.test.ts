import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { ToplineError } from "@topline/core";
import { describe, expect, test } from "vitest";
import { openHarnessBy, type OpenHarnessOptions } from "../src/harness/open.ts";
import { isReuseAsked } from "../src/harness/reuse.ts";
import {
  FAKE_DAEMON,
  isDeserted,
  isRunning,
  Place,
  placeWith,
  processesOf,
  until,
} from "./harness-processes.ts";

/** What a harness is to its users whatever its backend does; the backends themselves are stand-ins. */

const open = (place: Place, options: Partial<OpenHarnessOptions> = {}) =>
  openHarnessBy(FAKE_DAEMON, { stateDirectory: place.state, ...options });

const refused = async (opening: Promise<AsyncDisposable>) => {
  const fault = await opening.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!ToplineError.is(fault, "HARNESS_UNAVAILABLE")) throw fault ?? new Error("It opened");
  return fault.message;
};

describe("a backend is", () => {
  test("refused while the other one is in use, and given when nobody uses that any more", async () => {
    await using place = await Place.make();
    const embedded = await open(place);
    const pid = await place.daemonPid();
    const why = await refused(open(place, { backend: "containers" }));
    expect(why).toContain("The containers backend was asked for");
    expect(why).toContain("has the embedded one and is in use");
    expect(why).toContain("--backend embedded");
    await embedded[Symbol.asyncDispose]();

    await using containers = await open(place, { backend: "containers" });
    expect(containers.backend).toBe("containers");
    expect(await isRunning(pid)).toBe(false);
    expect(await refused(open(place))).toContain("has the containers one and is in use");
    await using joined = await open(place, { backend: "containers" });
    expect(joined.endpoints).toEqual(containers.endpoints);
  });

  test("asked for containers that stay, refused by one that will remove them, and joined otherwise", async () => {
    const label = "owner=x";
    await using mortal = await placeWith({ containers: { areKept: false, label } });
    await using running = await open(mortal, { backend: "containers" });
    expect(running.containers).toEqual({ areKept: false, label });
    const why = await refused(open(mortal, { backend: "containers", reuse: true }));
    expect(why).toContain("will remove its own");
    await using keeping = await placeWith({ containers: { areKept: true, label } });
    await using first = await open(keeping, { backend: "containers", reuse: true });
    await using second = await open(keeping, { backend: "containers" });
    expect(second.endpoints).toEqual(first.endpoints);
  });
});

test.for([
  [undefined, undefined, false],
  [undefined, "true", true],
  [undefined, "1", false],
  [false, "true", false],
  [true, undefined, true],
  [true, "false", false],
] as const)("reuse asked for as %s, with %s in the environment, is %s", ([asked, value, is]) => {
  expect(isReuseAsked(asked, { TESTCONTAINERS_REUSE_ENABLE: value })).toBe(is);
});

describe("a harness that comes up slowly", () => {
  test("is waited for as long as it makes progress, by whoever waits", async () => {
    await using place = await placeWith({ s3StartMs: 2_500, progressMs: 200 });
    const heard: string[][] = [[], []];
    const opening = heard.map((lines) =>
      open(place, { timeoutMs: 1_200, onProgress: (message) => lines.push(message) }),
    );
    const harnesses = await Promise.all(opening);
    for (const lines of heard) {
      expect(lines.length).toBeGreaterThan(3);
      expect(lines).toEqual(lines.toSorted((a, b) => Number.parseInt(a) - Number.parseInt(b)));
      expect(lines.at(-1)).toMatch(/^[0-9]+ of many$/);
    }
    expect(existsSync(join(place.state, "harness.progress"))).toBe(false);
    for (const harness of harnesses) await harness[Symbol.asyncDispose]();
  });

  test("is given up when it makes none any more, with the last that was heard", async () => {
    await using place = await placeWith({ dynamoHangs: true, progressMs: 300 });
    const heard: string[] = [];
    const onProgress = (message: string) => void heard.push(message);
    const opening = refused(open(place, { timeoutMs: 2_000, onProgress }));
    await until("progress is heard", async () => heard.length > 1, 10_000);
    for (const pid of await processesOf(place.state)) process.kill(pid, "SIGSTOP");
    const why = await opening;
    expect(why).toContain("made no progress for 2000 ms");
    expect(why).toContain(heard.at(-1));
    await until("its process has ended", () => isDeserted(place.state), 2_000);
  });

  test("tells nobody what a dead one was at", async () => {
    await using place = await placeWith({ dynamoHangs: true, progressMs: 100 });
    const user = place.user(FAKE_DAEMON);
    const progress = join(place.state, "harness.progress");
    await until("there is progress", async () => existsSync(progress), 10_000);
    const daemon = (await processesOf(place.state)).find((pid) => pid !== user.pid);
    process.kill(daemon ?? 0, "SIGKILL");
    await user.closed;
    expect(existsSync(progress)).toBe(true);
    await writeFile(join(place.state, "faults.json"), "{}");
    const heard: string[] = [];
    await using _harness = await open(place, { onProgress: (message) => heard.push(message) });
    expect(heard).toEqual([]);
  });
});
