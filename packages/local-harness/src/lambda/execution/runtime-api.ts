import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { bodyOf } from "../../loopback/body.ts";
import { listenOnLoopback, stopListening } from "../../loopback/listening.ts";
import { type Answer, asAnswer, type Invocation } from "../invocation.ts";

/** Hands an invocation to a runtime that is free. */
export type Give = (invocation: Invocation, deadline: Date) => void;

export interface RuntimeEvents {
  /** The runtime is ready for an invocation: the first, or another. */
  free(give: Give): void;
  /** What came of an invocation; before the first, why it cannot be ready. */
  answered(answer: Answer, peakMb: number): void;
}

/** Lambda's Runtime API, for one execution environment. */
export interface RuntimeApi extends AsyncDisposable {
  /** `127.0.0.1:<port>` */
  readonly address: string;
}

/** 6 MB, and room for what is around it. */
const LARGEST_ANSWER = 6 * 1024 ** 2 + 100;
const NEXT = "/2018-06-01/runtime/invocation/next";
const ANSWER =
  /^\/2018-06-01\/runtime\/(?:init\/(?<what>error)|invocation\/[^/]+\/(?<how>response|error))$/;
/** Of this runtime alone: the most memory that it had, in KB. */
const PEAK = "topline-peak-memory";

export async function startRuntimeApi(events: RuntimeEvents): Promise<RuntimeApi> {
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 0 }, (incoming, out) => {
    if (incoming.url === NEXT) return events.free(giveBy(out));
    // A runtime that ends while it speaks: its end is heard otherwise.
    void hearAnswer(incoming, events).then(
      (status) => out.writeHead(status).end(),
      () => out.destroy(),
    );
  });
  const endpoint = await listenOnLoopback(server, "runtime", 0);
  return {
    address: new URL(endpoint).host,
    [Symbol.asyncDispose]: () => stopListening(server),
  };
}

function giveBy(out: ServerResponse): Give {
  return ({ requestId, payload, arn, traceId, clientContext }, deadline) => {
    out.writeHead(200, {
      "content-type": "application/json",
      "lambda-runtime-aws-request-id": requestId,
      "lambda-runtime-deadline-ms": deadline.getTime(),
      "lambda-runtime-invoked-function-arn": arn,
      "lambda-runtime-trace-id": traceId,
      ...(clientContext === undefined ? {} : { "lambda-runtime-client-context": clientContext }),
    });
    out.end(payload);
  };
}

/** @returns the status of the answer */
async function hearAnswer(incoming: IncomingMessage, events: RuntimeEvents): Promise<number> {
  const groups = ANSWER.exec(incoming.url ?? "")?.groups;
  const { size, content } = await bodyOf(incoming, LARGEST_ANSWER);
  if (groups === undefined) return 404;
  const isError = (groups["what"] ?? groups["how"]) === "error";
  const answer = content === undefined ? tooLarge(size) : { payload: content, isError };
  events.answered(answer, Math.ceil(Number(incoming.headers[PEAK] ?? 0) / 1024));
  return content === undefined ? 413 : 202;
}

const tooLarge = (size: number): Answer =>
  asAnswer({
    errorType: "Function.ResponseSizeTooLarge",
    errorMessage: `Response payload size (${size} bytes) exceeded maximum allowed payload size (${LARGEST_ANSWER} bytes).`,
  });
