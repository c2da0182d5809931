import { connect, type Socket } from "node:net";
import { ToplineError } from "@topline/core/errors";
import type { HarnessRecord } from "./record.ts";
import { asLine, firstMessage, type Answer, type Request, type Served } from "./messages.ts";

/** A user's hold on a running harness: an open connection, which the kernel closes when the user ends. */
export interface Lifeline {
  readonly served: Served;
  /** Resolves when the harness has gone without being let go. */
  readonly lost: Promise<void>;
  letGo(): Promise<void>;
}

export type Arrival =
  | { readonly status: "held"; readonly lifeline: Lifeline }
  /** Nothing listens there, or something else does: this harness has ended. */
  | { readonly status: "gone" }
  /** No answer in time; it may be alive. */
  | { readonly status: "silent" }
  | Exclude<Answer, { status: "serving" }>;

/**
 * Asks a running harness to let this process in. Gives up, as `silent`, when `signal` aborts.
 * @throws {ToplineError} `HARNESS_UNAVAILABLE` when this process may not connect to it, on Deno
 */
export async function takeLifeline(
  record: HarnessRecord,
  request: Omit<Request, "token">,
  signal: AbortSignal,
): Promise<Arrival> {
  const socket = connect({ host: "127.0.0.1", port: record.port });
  const giveUp = () => socket.destroy();
  signal.addEventListener("abort", giveUp, { once: true });
  let denied: Error | undefined;
  socket.on("error", (error) => {
    if (error.name === "NotCapable") denied = error;
  });
  socket.on("connect", () => socket.write(asLine({ ...request, token: record.token })));
  const answer = signal.aborted ? undefined : await firstMessage<Answer>(socket);
  signal.removeEventListener("abort", giveUp);
  if (answer?.status === "serving" && !socket.destroyed) {
    return { status: "held", lifeline: hold(socket, answer) };
  }
  socket.destroy();
  if (denied !== undefined) {
    const message = `This process may not connect to its harness: ${denied.message}.`;
    throw new ToplineError("HARNESS_UNAVAILABLE", message, { cause: denied });
  }
  if (answer?.status === "ending" || answer?.status === "refused") return answer;
  return { status: signal.aborted ? "silent" : "gone" };
}

function hold(socket: Socket, served: Served): Lifeline {
  let isLetGo = false;
  const { promise: lost, resolve: lose } = Promise.withResolvers<void>();
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  socket.on("close", () => {
    close();
    if (!isLetGo) lose();
  });
  socket.resume();
  return {
    served,
    lost,
    async letGo() {
      isLetGo = true;
      socket.destroy();
      await closed;
    },
  };
}
