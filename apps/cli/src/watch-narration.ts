import type { WatchState } from "@topline/core";
import type { Invocation } from "./command.ts";

/** Says on stderr what a watch waits for. */
export function watchNarrator({ terminal, options, logger }: Invocation) {
  return (state: WatchState): void => {
    const text = inWords(state);
    if (options.logFormat === "json") logger.info(text, { waiting: state.status });
    else if (options.logLevel !== "silent") terminal.stderr.write(`${text}\n`);
  };
}

function inWords(state: WatchState): string {
  const { status } = state;
  if (status === "idle") {
    return `Watching raw-data/ for files${ignored(state.ignored)}. Ctrl-C stops it.`;
  }
  if (status === "waiting") {
    return `Waiting for ${state.waiting_for.join(", ")}: no run begins before a file of each lies in raw-data/.`;
  }
  if (status === "unreachable") {
    const { error, retry_at } = state;
    return `${error.code}  ${error.message}\nLooking again at ${clockTime(retry_at)}, then ever more rarely.`;
  }
  return state.retry_at === null
    ? "This does not pass by itself: waiting for a change in raw-data/. After mending SQL or configuration, stop the watch and start it again."
    : `Trying again at ${clockTime(state.retry_at)}, or as soon as something changes in raw-data/.`;
}

const NAMED = 3;

function ignored(keys: readonly string[]): string {
  if (keys.length === 0) return "";
  const named = keys.slice(0, NAMED).join(", ");
  const more = keys.length > NAMED ? ` and ${keys.length - NAMED} more` : "";
  return ` (ignored, for they are no dataset's: ${named}${more})`;
}

const clockTime = (time: Date) => time.toTimeString().slice(0, 8);
