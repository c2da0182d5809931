import { createServer, type Socket } from "node:net";
import { toFault, type ToplineError } from "@topline/core/errors";
import { asLine, firstMessage, type Answer, type Request, type Served } from "./messages.ts";

export interface UsersOptions {
  readonly token: string;
  /** Aborts when the process that started this harness has let go; until then it counts as a user. */
  readonly starter: AbortSignal;
  /** How long the harness outlives its last user, so that the next command finds it. */
  readonly graceMs: number;
  /** Why this harness cannot be what the user asks for. */
  objection(request: Request): ToplineError | undefined;
  /** Makes ready what the user asks for. */
  prepare(request: Request): Promise<Served>;
}

/** Those who hold a lifeline to this harness. */
export interface Users {
  readonly port: number;
  /** Resolves once nobody has used the harness for the grace; from then on nobody is let in. */
  readonly gone: Promise<void>;
  /** Lets nobody in any more, and lets go of those who are. */
  dismiss(): Promise<void>;
}

const GREETING_MS = 5_000;

/**
 * Listens for users. Whoever is answered `serving` is served until it closes its connection: coming in
 * and deciding to end are one synchronous step each, so that they cannot cross.
 */
export async function admitUsers(options: UsersOptions): Promise<Users> {
  const { starter, graceMs } = options;
  const users = new Set<Socket | AbortSignal>();
  const connections = new Set<Socket>();
  const { promise: gone, resolve: end } = Promise.withResolvers<void>();
  let isEnding = false;
  let grace: NodeJS.Timeout | undefined;

  const decideToEnd = () => {
    isEnding = true;
    end();
  };
  const enter = (user: Socket | AbortSignal) => {
    clearTimeout(grace);
    users.add(user);
  };
  const leave = (user: Socket | AbortSignal) => {
    if (!users.delete(user) || users.size > 0 || isEnding) return;
    grace = setTimeout(decideToEnd, graceMs);
  };

  const greet = async (socket: Socket): Promise<Answer | undefined> => {
    const request = await firstMessage<Request>(socket);
    if (request?.token !== options.token || socket.destroyed) return undefined;
    if (isEnding) return { status: "ending" };
    const objection = options.objection(request);
    if (objection !== undefined && users.size > 0) {
      return { status: "refused", fault: toFault(objection) };
    }
    if (objection !== undefined) {
      decideToEnd();
      return { status: "ending" };
    }
    enter(socket);
    try {
      return { status: "serving", ...(await options.prepare(request)) };
    } catch (error) {
      leave(socket);
      return { status: "refused", fault: toFault(error) };
    }
  };

  const server = createServer((socket) => {
    connections.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => {
      connections.delete(socket);
      leave(socket);
    });
    const impatience = setTimeout(() => socket.destroy(), GREETING_MS);
    void greet(socket).then((answer) => {
      clearTimeout(impatience);
      if (answer === undefined) return socket.destroy();
      socket.resume();
      if (answer.status === "serving") return socket.write(asLine(answer));
      return socket.end(asLine(answer));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });

  enter(starter);
  if (starter.aborted) leave(starter);
  else starter.addEventListener("abort", () => leave(starter), { once: true });

  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    gone,
    async dismiss() {
      isEnding = true;
      clearTimeout(grace);
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of connections) socket.destroy();
      await closed;
    },
  };
}
