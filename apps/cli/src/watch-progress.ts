import type { StepName } from "@topline/core";
import type { Invocation } from "./command.ts";
import { createProgress, type Progress, silentProgress } from "./progress.ts";

/**
 * The progress of one run after another. A run shows once it has something to transform: before that it may find
 * that there is nothing to do.
 */
export function watchProgress({ terminal, output }: Invocation): Progress {
  let current: Progress | undefined;
  let held: [StepName, string][] = [];
  return {
    step(step, runId) {
      if (step === "detect") held = [];
      if (current === undefined && (step === "detect" || step === "validate")) {
        held.push([step, runId]);
        return;
      }
      if (current === undefined) {
        current = output.isJson ? silentProgress : createProgress(terminal);
        for (const [earlier, id] of held) current.step(earlier, id);
      }
      current.step(step, runId);
    },
    job: (progress) => current?.job(progress),
    async end(outcome) {
      await current?.end(outcome);
      current = undefined;
    },
  };
}
