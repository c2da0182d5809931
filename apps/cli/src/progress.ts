import type { JobRunProgress } from "@topline/aws-adapters/glue";
import type { StepName } from "@topline/core";
import { Listr, type ListrDefaultRendererLogLevels, ListrLogger, ProcessOutput } from "listr2";
import type { Terminal } from "./terminal.ts";

/** Tells a person how far a run is: a list that ticks itself off on a terminal, a line a step elsewhere. */
export interface Progress {
  step(step: StepName, runId: string): void;
  /** How the job is that does the step. */
  job(progress: JobRunProgress): void;
  /** The work is over; what is still under way counts as done, or as failed. */
  end(outcome: "done" | "failed"): Promise<void>;
}

const TITLES: Readonly<Record<StepName, string>> = {
  detect: "Detect what lies in the inbox",
  validate: "Validate files and freeze them",
  transform: "Transform rows, compute and publish KPIs",
  archive: "Archive the raw files",
};

export const silentProgress: Progress = { step() {}, job() {}, async end() {} };

/** A job run in a line. */
export const jobLine = ({ id, state, detail }: JobRunProgress): string =>
  `Glue job run ${id.slice(0, 11)}… ${state}${detail === undefined ? "" : `: ${detail}`}`;

export function createProgress(terminal: Terminal): Progress {
  return terminal.stderr.isTTY === true && terminal.env["TERM"] !== "dumb"
    ? listProgress(terminal)
    : lineProgress(terminal);
}

function lineProgress({ stderr }: Terminal): Progress {
  return {
    step: (step, runId) => void stderr.write(`${step.padEnd(9)}  ${TITLES[step]} (${runId})\n`),
    job: (progress) => void stderr.write(`${" ".repeat(9)}  ${jobLine(progress)}\n`),
    async end() {},
  };
}

/** One list of one task at a time: which step comes next is known only as it begins. */
function listProgress({ stderr }: Terminal): Progress {
  const stream = stderr as NodeJS.WriteStream;
  const logger = new ListrLogger<ListrDefaultRendererLogLevels>({
    processOutput: new ProcessOutput(stream, stream),
  });
  let current: PromiseWithResolvers<void> | undefined;
  let tell: ((text: string) => void) | undefined;
  let queue: Promise<unknown> = Promise.resolve();

  const settle = (outcome: "done" | "failed") => {
    if (outcome === "done") current?.resolve();
    else current?.reject(new Error("failed"));
    current = undefined;
  };

  return {
    step(step, runId) {
      settle("done");
      const settled = Promise.withResolvers<void>();
      settled.promise.catch(() => {});
      const list = new Listr(
        [
          {
            title: `${TITLES[step]} (${runId})`,
            task(_context, task) {
              tell = (text) => void (task.output = text);
              return settled.promise;
            },
          },
        ],
        {
          exitOnError: false,
          registerSignalListeners: false,
          rendererOptions: { logger, showErrorMessage: false },
        },
      );
      queue = queue.then(() => list.run());
      current = settled;
    },
    job: (progress) => tell?.(jobLine(progress)),
    async end(outcome) {
      settle(outcome);
      await queue;
    },
  };
}
