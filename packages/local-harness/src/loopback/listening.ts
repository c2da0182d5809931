import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ToplineError } from "@topline/core/errors";

/**
 * Has a server listen on the loopback interface.
 *
 * @param name of what it serves
 * @param port 0: any that is free
 * @returns `http://127.0.0.1:<port>`
 * @throws {ToplineError} `HARNESS_UNAVAILABLE` when the port is taken
 */
export async function listenOnLoopback(
  server: Server,
  name: string,
  port: number,
): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      const message = `The embedded ${name} server cannot listen on port ${port}: ${cause.message}.`;
      reject(new ToplineError("HARNESS_UNAVAILABLE", message, { cause }));
    });
    server.listen(port, "127.0.0.1", resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Lets nobody in any more, and cuts off who is. */
export async function stopListening(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeAllConnections();
  await closed;
}
