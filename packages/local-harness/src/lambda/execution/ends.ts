import { type Answer, asAnswer } from "../invocation.ts";

/** As Lambda names signals. */
const SIGNALS: Readonly<Record<string, string>> = {
  SIGABRT: "aborted",
  SIGKILL: "killed",
  SIGSEGV: "segmentation fault",
  SIGTERM: "terminated",
};

/** What Lambda tells of a process that ended instead of answering. */
export function exited(requestId: string, how: string): Answer {
  const [, code] = /^exit code ([0-9]+)$/.exec(how) ?? [];
  const cause = code === undefined ? `signal: ${SIGNALS[how] ?? how}` : `exit status ${code}`;
  const reason =
    code === "0"
      ? "Runtime exited without providing a reason"
      : `Runtime exited with error: ${cause}`;
  return asAnswer({
    errorType: "Runtime.ExitError",
    errorMessage: `RequestId: ${requestId} Error: ${reason}`,
  });
}

/** What Lambda tells of one that did not end in time. */
export function timedOut(requestId: string, seconds: number): Answer {
  return asAnswer({
    errorType: "Sandbox.Timedout",
    errorMessage: `RequestId: ${requestId} Error: Task timed out after ${seconds.toFixed(2)} seconds`,
  });
}
