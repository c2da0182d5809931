import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { spawnTiedGroup, type TiedGroup } from "../src/processes/tied-group.ts";
import { isRunning, until } from "./harness-processes.ts";

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "topline-group-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Told {
  readonly group: TiedGroup;
  /** The program's process id, and those of what it started. */
  readonly pids: readonly number[];
  /** Its next line. */
  readonly line: () => Promise<string>;
}

/** A shell that starts two more, says their ids, and then does as its script says. */
async function start(script: string): Promise<Told> {
  const lines: string[] = [];
  const log = join(folder, "log");
  const stderr = openSync(log, "a");
  const group = spawnTiedGroup(
    "/bin/sh",
    ["-c", `sleep 600 & first=$!; sh -c 'sleep 601; :' & echo $$ $first $!\n${script}`],
    {
      env: { PATH: "/usr/bin:/bin" },
      cwd: folder,
      stderr,
    },
  );
  closeSync(stderr);
  createInterface({ input: group.stdout }).on("line", (line) => void lines.push(line));
  const line = async () => {
    await until("it says a line", async () => lines.length > 0, 10_000);
    return lines.shift() ?? "";
  };
  const pids = (await line()).split(" ").map(Number);
  expect(pids).toHaveLength(3);
  return { group, pids, line };
}

async function untilGone(pids: readonly number[]): Promise<void> {
  const areGone = async () => (await Promise.all(pids.map(isRunning))).every((is) => !is);
  await until(`${pids.join(", ")} have ended`, areGone, 5_000);
}

test("a program and all that it starts are one group of their own", async () => {
  const { group, pids } = await start("wait");
  expect(pids[0]).toBe(group.pid);
  group.signal("KILL");
  expect(await group.ended).toBe("SIGKILL");
  await untilGone(pids);
});

test("a group is asked to end, more than once, and whoever does not is made to", async () => {
  const { group, pids, line } = await start(
    "trap 'echo asked' TERM; echo ready; while :; do sleep 0.05; done",
  );
  expect(await line()).toBe("ready");
  group.signal("TERM");
  expect(await line()).toBe("asked");
  expect(await isRunning(group.pid)).toBe(true);
  await untilGone(pids.slice(1, 2));
  group.signal("TERM");
  expect(await line()).toBe("asked");
  group.signal("KILL");
  expect(await group.ended).toBe("SIGKILL");
  await untilGone(pids);
});

test("what a program leaves behind ends with it", async () => {
  const { group, pids } = await start("exit 3");
  expect(await group.ended).toBe("exit code 3");
  await untilGone(pids);
});

test("what leaves its group holds nobody up", async () => {
  const { group } = await start(
    "setsid sh -c ': >left; exec sleep 5' & until [ -e left ]; do :; done; exit 4",
  );
  expect(await group.ended).toBe("exit code 4");
});

test("stderr is part of stdout where that is wanted, in order", async () => {
  const script = "for i in 1 2 3; do echo out $i; echo err $i >&2; done";
  const group = spawnTiedGroup("/bin/sh", ["-c", script], {
    env: { PATH: "/usr/bin:/bin" },
    cwd: folder,
    stderr: "stdout",
  });
  const said = await text(group.stdout);
  expect(said.split("\n")).toEqual(["out 1", "err 1", "out 2", "err 2", "out 3", "err 3", ""]);
  expect(await group.ended).toBe("exit code 0");
});

test("a program that cannot be started has ended, and says so", async () => {
  const stderr = openSync(join(folder, "missing"), "a");
  const group = spawnTiedGroup(join(folder, "nothing"), [], {
    env: {},
    cwd: folder,
    stderr,
  });
  closeSync(stderr);
  group.stdout.resume();
  expect(await group.ended).toBe("exit code 127");
  expect(await readFile(join(folder, "missing"), "utf8")).toContain("not found");
});

test("a group ends when its parent is killed", async () => {
  const script = fileURLToPath(new URL("./tied-group-parent.ts", import.meta.url));
  const parent = spawn(process.execPath, [...process.execArgv, script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: parent.stdout });
  const line = await new Promise<string>((resolve) => lines.once("line", resolve));
  const pids = line.split(" ").map(Number);
  expect(await isRunning(pids[1] ?? 0)).toBe(true);
  parent.kill("SIGKILL");
  await untilGone(pids);
});
