import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BUCKET, type S3Process, startS3Process } from "../s3-server-process.ts";
import { DONE, type Done } from "./done-commands.ts";
import { type SdkCommand, sdkCommands } from "./sdk-commands.ts";
import { Stage } from "./stage.ts";

/** Nothing that S3 knows is answered with a success that is none, a failure of the server, or silence. */

const ANSWER_MS = 10_000;
const commands = sdkCommands();
const isDone = ({ name }: SdkCommand) => Object.hasOwn(DONE, name);

let s3: S3Process;
let stages = 0;
beforeAll(async () => {
  s3 = await startS3Process();
});
afterAll(() => s3[Symbol.asyncDispose]());

/** The code with which it was refused, or its answer. */
async function outcome(command: SdkCommand, input: object) {
  const client = s3.client({ disableHostPrefix: true });
  try {
    return await command.send(client, input, AbortSignal.timeout(ANSWER_MS));
  } catch (error) {
    const { name, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
    // An answer to HEAD has no body that could say the code.
    const status = $metadata?.httpStatusCode;
    if (status === 501) return "NotImplemented";
    return status === undefined || status >= 500 ? `${String(error)} (${status})` : name;
  }
}

test("all that the server does is an operation of S3", () => {
  const names = new Set(commands.map(({ name }) => name));
  expect(Object.keys(DONE).filter((name) => !names.has(name))).toEqual([]);
});

test.each(commands.filter((command) => !isDone(command)))(
  "$name is not implemented",
  async (command) => {
    const required = command.inputs.filter(({ isRequired }) => isRequired);
    const input = Object.fromEntries(required.map(({ name, sample }) => [name, sample]));
    const target = Object.hasOwn(input, "Bucket") ? { Bucket: BUCKET } : {};
    expect(await outcome(command, { ...input, ...target })).toBe("NotImplemented");
  },
);

describe.each(commands.filter(isDone))("$name", (command) => {
  const done = DONE[command.name] as Done;
  // The SDK sends checksums that it cannot compute, and refuses to read what has one.
  const client = () => s3.client({ responseChecksumValidation: "WHEN_REQUIRED" });
  const stage = () => Stage.set(client(), `stage-${stages++}`);
  const run = (on: Stage, input: object) =>
    outcome(command, { Bucket: on.bucket, ...done.input(on), ...input });

  test("answers right", async () => {
    const on = await stage();
    const answer = await run(on, {});
    expect(answer).toBeTypeOf("object");
    await done.holds(answer as Record<string, unknown>, on);
  });

  test.each(Object.entries(done.understands))("understands %s", async (name, value) => {
    const on = await stage();
    const answer = await run(on, { [name]: value });
    expect(answer).toBeTypeOf("object");
    await done.holds(answer as Record<string, unknown>, on);
  });

  test.each(done.refuses ?? [])("refuses %s = %j with %s", async (name, value, code) => {
    expect(await run(await stage(), { [name]: value })).toBe(code);
  });

  const told = new Set([
    "Bucket",
    ...Object.keys(done.input({} as Stage)),
    ...Object.keys(done.understands),
    ...(done.refuses ?? []).map(([name]) => name),
  ]);
  const others = command.inputs.filter(({ name }) => !told.has(name));
  test.each(others)("does not pretend to understand $name", async ({ name, sample }) => {
    expect(await run(await stage(), { [name]: sample })).toBe("NotImplemented");
  });
});
