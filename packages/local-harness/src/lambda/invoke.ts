import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { EventQueue } from "./event-queue.ts";
import { invalid, LambdaError, notImplemented } from "./errors.ts";
import type { EnvironmentPool } from "./execution/pool.ts";
import type { Functions } from "./functions.ts";
import { parseJson, violation } from "./input.ts";
import type { Invocation } from "./invocation.ts";
import { arnOf, type FunctionReference } from "./names.ts";

export interface InvokeRequest {
  readonly reference: FunctionReference;
  readonly headers: IncomingHttpHeaders;
  readonly size: number;
  /** Where it is not too large for any invocation. */
  readonly body?: Uint8Array;
  readonly requestId: string;
}

export interface InvokeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export interface InvokeParts {
  readonly functions: Functions;
  readonly pool: EnvironmentPool;
  readonly queue: EventQueue;
  readonly region: string;
}

/** Bytes. */
const LARGEST_PAYLOAD = 6 * 1024 ** 2;
const LARGEST_EVENT = 1024 ** 2;
const LARGEST_CONTEXT = 3_583;
const JSON_TYPES =
  /^(?:application\/(?:octet-stream|x-www-form-urlencoded|(?:[\w.+-]+\+)?json|x-amz-json-1\.[01]))\s*(?:;|$)/i;
const UNKNOWN = ["x-amz-tenant-id", "x-amz-durable-execution-name"];
const TYPES = ["RequestResponse", "Event", "DryRun"] as const;

/** @throws {LambdaError} */
export async function invoke(parts: InvokeParts, request: InvokeRequest): Promise<InvokeAnswer> {
  const { functions, pool, queue } = parts;
  const { reference, headers } = request;
  const unknown = UNKNOWN.find((name) => headers[name] !== undefined);
  if (unknown !== undefined) throw notImplemented(`The embedded Lambda does not know ${unknown}.`);
  const type = oneOf(TYPES, "InvocationType", headers["x-amz-invocation-type"]);
  const log = oneOf(["None", "Tail"], "LogType", headers["x-amz-log-type"]);
  const record = functions.require(reference);
  if (type === "DryRun") return { status: 204, headers: EXECUTED };
  const invocation = invocationOf(
    parts,
    request,
    type === "Event" ? LARGEST_EVENT : LARGEST_PAYLOAD,
  );
  if (type === "Event") {
    queue.add(async () => pool.invoke(functions.require(reference), invocation));
    return { status: 202, headers: {}, body: new Uint8Array() };
  }
  const { payload, isError, logTail } = await pool.invoke(record, invocation);
  return {
    status: 200,
    headers: {
      ...EXECUTED,
      "content-type": "application/json",
      "x-amzn-trace-id": invocation.traceId,
      ...(isError ? { "x-amz-function-error": "Unhandled" } : {}),
      ...(log === "Tail" ? { "x-amz-log-result": base64(logTail) } : {}),
    },
    body: payload,
  };
}

const EXECUTED = { "x-amz-executed-version": "$LATEST" };
const NO_EVENT = new TextEncoder().encode("{}");

function invocationOf(
  { region }: InvokeParts,
  { reference, headers, size, body, requestId }: InvokeRequest,
  largest: number,
): Invocation {
  if (body === undefined || size > largest) {
    throw new LambdaError(
      "RequestTooLargeException",
      largest === LARGEST_EVENT
        ? `${size} byte payload is too large for the Event invocation type (limit ${largest} bytes)`
        : `Request must be smaller than ${largest} bytes for the InvokeFunction operation`,
    );
  }
  const type = headers["content-type"] ?? "application/json";
  if (size > 0 && !JSON_TYPES.test(type)) {
    throw new LambdaError(
      "UnsupportedMediaTypeException",
      `The content type of the Invoke request body is not JSON: ${type}`,
    );
  }
  if (size > 0) parseJson(body);
  const clientContext = clientContextOf(headers["x-amz-client-context"]);
  return {
    requestId,
    payload: size === 0 ? NO_EVENT : body,
    arn: arnOf(region, reference.name, reference.qualifier),
    traceId: String(headers["x-amzn-trace-id"] ?? newTraceId()),
    ...(clientContext === undefined ? {} : { clientContext }),
  };
}

function oneOf<T extends string>(
  known: readonly T[],
  field: string,
  given: string | readonly string[] | undefined,
): T | undefined {
  const found = known.find((value) => value === (given ?? known[0]));
  if (found !== undefined) return found;
  throw violation(field, given, `satisfy enum value set: [${known.join(", ")}]`);
}

/** @returns JSON */
function clientContextOf(given: string | readonly string[] | undefined): string | undefined {
  if (typeof given !== "string") return undefined;
  if (given.length > LARGEST_CONTEXT) {
    throw invalid(`Client context must not exceed ${LARGEST_CONTEXT} bytes of base64.`);
  }
  try {
    const text = new TextDecoder().decode(Uint8Array.from(atob(given), (c) => c.charCodeAt(0)));
    // A header holds no more than ASCII.
    return JSON.stringify(JSON.parse(text)).replaceAll(
      /[\u0080-\uffff]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
  } catch {
    throw new LambdaError(
      "InvalidRequestContentException",
      "Client context must be a valid Base64-encoded JSON object.",
    );
  }
}

const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));

function newTraceId(): string {
  const time = Math.floor(Date.now() / 1000).toString(16);
  const [root, parent] = [randomBytes(12), randomBytes(8)].map((bytes) => bytes.toString("hex"));
  return `Root=1-${time}-${root};Parent=${parent};Sampled=0`;
}
