import { expect, test } from "vitest";
import { spawnTied } from "./child.ts";

/** A program that says when it is ready, and does `onTerm` at SIGTERM. */
async function shell(onTerm: string) {
  const program = `trap '${onTerm}' TERM; echo ready >&2; while :; do read -r _ </dev/null; done`;
  const child = await spawnTied("/bin/sh", ["-c", program]);
  await child.wrote("ready");
  return child;
}

test("a program that is told to end may end as it likes", async () => {
  const child = await shell("echo bye >&2; exit 7");
  child.kill("SIGTERM");
  expect(await child.ended).toBe("exit code 7");
  expect(child.stderr()).toBe("ready\nbye\n");
});

test("one that does not mind being told is killed", async () => {
  const child = await shell("echo no >&2");
  child.kill("SIGTERM");
  expect(await child.wrote("no")).toBe(true);
  child.kill("SIGKILL");
  expect(await child.ended).toBe("SIGKILL");
});

test("signals to one that has ended are nothing", async () => {
  const child = await shell("exit 0");
  child.kill("SIGTERM");
  await child.ended;
  child.kill("SIGTERM");
  child.kill("SIGKILL");
  expect(await child.ended).toBe("exit code 0");
});
