import type { WriteStream } from "node:tty";

/** What a command gets from the process it runs in. */
export interface Terminal {
  readonly stdout: NodeJS.WritableStream & Partial<Pick<WriteStream, "isTTY" | "columns">>;
  readonly stderr: NodeJS.WritableStream & Partial<Pick<WriteStream, "isTTY">>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Colour only where a person looks, and not against their wish (https://no-color.org). */
export function hasColour({ env }: Terminal, stream: { readonly isTTY?: boolean }): boolean {
  return stream.isTTY === true && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
}
