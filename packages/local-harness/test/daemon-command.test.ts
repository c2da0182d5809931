import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { daemonCommand } from "../src/harness/daemon-command.ts";
import { stateDirectory } from "../src/harness/state-directory.ts";
import { Place } from "./harness-processes.ts";

const NEEDED = [
  "write in the state directory",
  "read in the state directory",
  "listen on loopback",
  "run the shell",
];
const FILES = ["write elsewhere", "read elsewhere"];
const BEYOND = [...FILES, "listen on every address", "run another program"];

const isDeno = process.versions["deno"] !== undefined;

test.for([
  [".topline", []],
  ["in a place, however it is called", FILES],
] as const)(
  "the process of a harness in %j may do what it needs, and on Deno not more than %j beyond",
  async ([name, beyond]) => {
    await using place = await Place.make(name);
    await mkdir(place.state);
    const script = fileURLToPath(new URL("./attempts.ts", import.meta.url));
    const command = daemonCommand(script, stateDirectory(place.state), "embedded");
    const { stdout } = await promisify(execFile)(process.execPath, [...command, place.state]);
    expect(JSON.parse(stdout)).toEqual([...NEEDED, ...(isDeno ? beyond : BEYOND)]);
  },
);
