import { Agent, type IncomingHttpHeaders, request } from "node:http";
import process from "node:process";
import type { ErrorDescription } from "./errors.ts";

/** An invocation, as the Runtime API hands it over. */
export interface Task {
  readonly requestId: string;
  /** Epoch milliseconds. */
  readonly deadlineMs: number;
  readonly arn: string;
  readonly traceId: string;
  /** JSON. */
  readonly clientContext?: string;
  /** JSON. */
  readonly payload: string;
}

export interface RuntimeClient {
  /** Waits for an invocation, for as long as there is none. */
  next(): Promise<Task>;
  respond(requestId: string, body: string): Promise<void>;
  error(requestId: string, error: ErrorDescription): Promise<void>;
  initError(error: ErrorDescription): Promise<void>;
}

const ROOT = "/2018-06-01/runtime";

/** @param address `host:port` of Lambda's Runtime API */
export function connectRuntime(address: string): RuntimeClient {
  const [host = "", port = ""] = address.split(":");
  // Not `fetch`, which gives up after five minutes, and which handlers replace.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const call = (method: string, path: string, body = "") =>
    new Promise<{ headers: IncomingHttpHeaders; text: string }>((resolve, reject) => {
      const headers = {
        "content-length": new TextEncoder().encode(body).byteLength,
        "topline-peak-memory": process.resourceUsage().maxRSS,
      };
      const options = { agent, host, port, method, path: `${ROOT}${path}`, headers };
      const outgoing = request(options, (incoming) => {
        let text = "";
        incoming.setEncoding("utf8");
        incoming.on("data", (chunk: string) => (text += chunk));
        incoming.on("end", () => resolve({ headers: incoming.headers, text }));
        incoming.on("error", reject);
      });
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  const tell = async (path: string, body: string) => void (await call("POST", path, body));
  return {
    async next() {
      const { headers, text } = await call("GET", "/invocation/next");
      const clientContext = headers["lambda-runtime-client-context"];
      return {
        requestId: String(headers["lambda-runtime-aws-request-id"]),
        deadlineMs: Number(headers["lambda-runtime-deadline-ms"]),
        arn: String(headers["lambda-runtime-invoked-function-arn"]),
        traceId: String(headers["lambda-runtime-trace-id"]),
        ...(typeof clientContext === "string" ? { clientContext } : {}),
        payload: text,
      };
    },
    respond: (id, body) => tell(`/invocation/${id}/response`, body),
    error: (id, error) => tell(`/invocation/${id}/error`, JSON.stringify(error)),
    initError: (error) => tell("/init/error", JSON.stringify(error)),
  };
}
