import { clearLine, cursorTo } from "node:readline";
import type { Terminal } from "./terminal.ts";

/** Tells a person what a harness is waited for: one line that changes on a terminal, some lines elsewhere. */
export interface HarnessProgress extends Disposable {
  tell(message: string): void;
}

/** Where lines stay, one of a kind in so long: a pull is told every second. */
const LINES_APART_MS = 10_000;

export function harnessProgress({ stderr, env }: Terminal): HarnessProgress {
  if (stderr.isTTY !== true || env["TERM"] === "dumb") return lines(stderr);
  let isTold = false;
  const clear = () => {
    cursorTo(stderr, 0);
    clearLine(stderr, 0);
  };
  return {
    tell(message) {
      clear();
      stderr.write(message);
      isTold = true;
    },
    [Symbol.dispose]() {
      if (isTold) clear();
    },
  };
}

function lines(stderr: Terminal["stderr"]): HarnessProgress {
  const told = new Map<string, number>();
  return {
    tell(message) {
      const [kind = ""] = message.split(": ", 1);
      const now = performance.now();
      const last = told.get(kind);
      if (last !== undefined && now - last < LINES_APART_MS) return;
      told.set(kind, now);
      stderr.write(`${message}\n`);
    },
    [Symbol.dispose]() {},
  };
}
