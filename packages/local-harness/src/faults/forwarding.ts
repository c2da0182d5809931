import { type IncomingMessage, request } from "node:http";
import { pipeline } from "node:stream/promises";

/** What belongs to a connection, not to the request: the other one has its own. */
const OF_THE_CONNECTION = new Set(["connection", "keep-alive", "expect", "proxy-connection"]);

/**
 * Sends a request on as it came: its path, its headers, and its body byte by byte, `aws-chunked` ones as well.
 * @param body where it was read already
 */
export async function forward(
  upstream: URL,
  incoming: IncomingMessage,
  body: Uint8Array | undefined,
): Promise<IncomingMessage> {
  const outgoing = request({
    host: upstream.hostname,
    port: upstream.port,
    method: incoming.method,
    path: incoming.url,
    headers: headersOf(incoming),
    // A connection for each request: none that the other side closes while it is idle.
    agent: false,
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once("response", resolve).once("error", reject);
  });
  if (body === undefined) {
    // An answer may come before the whole body went up: then the answer counts.
    pipeline(incoming, outgoing).catch((error: Error) => outgoing.destroy(error));
  } else {
    outgoing.end(body);
  }
  return answered;
}

/** Headers as they are to be passed on: name, value, name, value, each as it came. */
export function headersOf({ rawHeaders }: IncomingMessage): string[] {
  const kept: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name = "", value = ""] = rawHeaders.slice(i, i + 2);
    if (!OF_THE_CONNECTION.has(name.toLowerCase())) kept.push(name, value);
  }
  return kept;
}
