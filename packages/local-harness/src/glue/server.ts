import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { listenOnLoopback, stopListening } from "../loopback/listening.ts";
import type { GlueApi } from "./api.ts";
import { GlueError } from "./errors.ts";
import type { Execute } from "./execution.ts";

export interface GlueServerOptions {
  /** Jobs, runs and logs; made when the first request comes. One server at a time may have it. */
  readonly directory: string;
  /** Default: any that is free. */
  readonly port?: number;
  /** Yields how a run is carried out; called when the first request comes. */
  readonly loadExecute: () => Promise<Execute>;
  /** How long a minute of a job's `Timeout` lasts. Default: a minute. */
  readonly minuteMs?: number;
}

export interface GlueServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  /** Ends runs that are under way. */
  close(): Promise<void>;
}

const LARGEST_BODY = 4 * 1024 * 1024;
const TARGET = /^AWSGlue\.([A-Za-z]+)$/;

/**
 * A Glue for development: jobs and their runs, for whoever can reach the loopback interface. Signatures are not
 * checked. Operations that it does not do are answered `NotImplemented`.
 *
 * @throws {ToplineError} `HARNESS_UNAVAILABLE` when the port is taken
 */
export async function startGlueServer(options: GlueServerOptions): Promise<GlueServer> {
  let api: Promise<GlueApi> | undefined;
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 0 }, (incoming, out) => {
    api ??= openApi(options);
    // What could not be opened may be mended: the next request tries again.
    api.catch(() => (api = undefined));
    void answer(api, incoming, out);
  });
  const endpoint = await listenOnLoopback(server, "Glue", options.port ?? 0);

  const close = async () => {
    await stopListening(server);
    await (await api?.catch(() => undefined))?.close();
  };
  let closing: Promise<void> | undefined;
  const closeOnce = () => (closing ??= close());
  return {
    endpoint,
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
  };
}

/** Most harnesses see no job: nothing is loaded or read before one is asked for. */
async function openApi({ directory, loadExecute, minuteMs }: GlueServerOptions): Promise<GlueApi> {
  const [{ openGlueApi }, execute] = await Promise.all([import("./api.ts"), loadExecute()]);
  return openGlueApi({ directory, execute, ...(minuteMs === undefined ? {} : { minuteMs }) });
}

/** Never throws: a client that has hung up hears nothing. */
async function answer(
  api: Promise<GlueApi>,
  incoming: IncomingMessage,
  out: ServerResponse,
): Promise<void> {
  let status = 200;
  let answered: object;
  try {
    const body = await bodyOf(incoming);
    answered = (await api).answer(operationOf(incoming), body);
  } catch (error) {
    const fault = asGlueError(error);
    status = fault.status;
    answered = { __type: fault.name, Message: fault.message };
  }
  const text = JSON.stringify(answered);
  out.writeHead(status, {
    "content-type": "application/x-amz-json-1.1",
    "content-length": new TextEncoder().encode(text).byteLength,
    "x-amzn-requestid": randomUUID(),
    server: "topline-glue-emulator",
  });
  out.end(text);
}

function operationOf({ headers, method }: IncomingMessage): string {
  const target = headers["x-amz-target"];
  const [, name = ""] = TARGET.exec(typeof target === "string" ? target : "") ?? [];
  if (method === "POST" && name !== "") return name;
  throw new GlueError(
    "UnknownOperationException",
    `Expected a POST with X-Amz-Target: AWSGlue.<operation>, found ${method} with ${JSON.stringify(target ?? null)}.`,
  );
}

/** One that is too large is read to its end, and dropped: a client that still sends hears no answer. */
async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
    if (text.length <= LARGEST_BODY) text += decoder.decode(chunk, { stream: true });
  }
  if (text.length <= LARGEST_BODY) return text;
  throw new GlueError("SerializationException", "The body is too large.");
}

function asGlueError(error: unknown): GlueError {
  if (error instanceof GlueError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new GlueError("InternalServiceException", `The embedded Glue failed: ${message}`);
}
