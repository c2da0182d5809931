import { expect, test } from "vitest";
import { failureIn } from "./error-message.ts";

const LOG = "26/11/26 23:04:34 INFO ShutdownHookManager: Shutdown hook called\n";
const TRACEBACK = 'Traceback (most recent call last):\n  File "s.py", line 1, in <module>\n    x\n';

test.each([
  ["nothing", "", "Command failed with exit code 1"],
  ["Spark's log alone", LOG, "Command failed with exit code 1"],
  ["last words", `begun\nlast words\n${LOG}`, "Command failed with exit code 1: last words"],
  ["an exception", `${LOG}${TRACEBACK}ValueError: no\n${LOG}`, "ValueError: no"],
  ["one without words", `${TRACEBACK}KeyboardInterrupt\n`, "KeyboardInterrupt"],
  [
    "one of a module",
    `${TRACEBACK}a.b_c.ToplineError: LEASE_HELD: x.y: z\n`,
    "ToplineError: LEASE_HELD: x.y: z",
  ],
  [
    "one of several lines",
    `${TRACEBACK}ValueError: no\n\n  indented\nend\n${LOG}`,
    "ValueError: no\n\n  indented\nend",
  ],
  [
    "one that came of another",
    `${TRACEBACK}KeyError: 1\n\nDuring …:\n\n${TRACEBACK}OSError: 2\n`,
    "OSError: 2",
  ],
  [
    "a script that cannot be compiled",
    `  File "s.py", line 1\n    def (\nSyntaxError: no\n${LOG}`,
    "SyntaxError: no",
  ],
  ["a traceback that was cut off", TRACEBACK, "Command failed with exit code 1:     x"],
])("a failure is told from what a run wrote: %s", (_, text, message) => {
  expect(failureIn(text, "exit code 1")).toBe(message);
});

test("a run out of memory is told what to give it", () => {
  const text = `Exception in thread "main" java.lang.OutOfMemoryError: Java heap space\n${LOG}`;
  expect(failureIn(text, "exit code 1")).toMatch(/out of memory.*spark\.driver\.memory/);
});
