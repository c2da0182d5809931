import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { ToplineError } from "@topline/core/errors";
import { encodeAnswer, type FaultAnswer } from "./answers.ts";
import { broken, corrupted } from "./bodies.ts";
import type { FaultCall } from "./calls.ts";
import { forward, headersOf } from "./forwarding.ts";
import { type FaultInjector, Injections, type Moment } from "./injector.ts";
import { describeRequest, type FaultService, readInput } from "./requests.ts";

export type HttpFault =
  /** A refusal: of `ANSWERS`, or any other. `after`: the service did what was asked, and its answer is this instead. */
  | { readonly kind: "answer"; readonly moment: Moment; readonly answer: FaultAnswer }
  /** The connection is reset: before the request is passed on, or when its answer is there. */
  | { readonly kind: "reset"; readonly moment: Moment }
  /** From there on every connection of this role is reset. */
  | { readonly kind: "crash"; readonly moment: Moment }
  | { readonly kind: "delay"; readonly ms: number }
  /** Waits until somebody lets it go on; a client that has gone by then is not served. */
  | { readonly kind: "hold"; readonly moment: Moment; readonly until: Promise<unknown> }
  /** The connection is reset after so many bytes of the answer's body, where it has more. */
  | { readonly kind: "break-body"; readonly after: number }
  /** The byte at this position of the answer's body, from 0, is another one. */
  | { readonly kind: "corrupt-body"; readonly at: number };

export interface FaultProxyOptions {
  /** Of the servers behind: `http:` alone. S3 is addressed by paths. */
  readonly s3?: string;
  readonly dynamodb?: string;
}

export interface FaultEndpoints {
  readonly s3: string;
  readonly dynamodb: string;
}

export interface FaultProxy extends FaultInjector<HttpFault>, AsyncDisposable {
  /** Endpoints on the loopback for one client, by whose name its calls go. Empty where nothing is behind. */
  endpointsFor(role: string): Promise<FaultEndpoints>;
}

/**
 * Stands before S3 and DynamoDB, records every request, and has chosen ones meet a fault. What meets none passes
 * unchanged, signature and all. Meant for emulators, and for clients in other processes.
 */
export async function startFaultProxy({ s3, dynamodb }: FaultProxyOptions): Promise<FaultProxy> {
  const upstreams = { s3: upstreamOf(s3), dynamodb: upstreamOf(dynamodb) };
  const injections = new Injections<HttpFault>();
  const clients = new Map<string, Client>();
  return {
    get calls() {
      return injections.calls;
    },
    inject: (rule) => injections.inject(rule),
    async endpointsFor(role) {
      const client = clients.get(role) ?? new Client(role, injections);
      clients.set(role, client);
      return {
        s3: await client.endpoint("s3", upstreams.s3),
        dynamodb: await client.endpoint("dynamodb", upstreams.dynamodb),
      };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...clients.values()].map((client) => client.close()));
    },
  };
}

function upstreamOf(endpoint: string | undefined): URL | undefined {
  if (endpoint === undefined) return undefined;
  const url = new URL(endpoint);
  if (url.protocol === "http:") return url;
  throw new ToplineError("USAGE", `The fault proxy forwards to http: alone, not to ${endpoint}.`);
}

/** The servers of one role. */
class Client {
  readonly #role: string;
  readonly #injections: Injections<HttpFault>;
  readonly #servers = new Map<FaultService, Server>();
  readonly #sockets = new Set<Socket>();
  #isGone = false;

  constructor(role: string, injections: Injections<HttpFault>) {
    this.#role = role;
    this.#injections = injections;
  }

  async endpoint(service: FaultService, upstream: URL | undefined): Promise<string> {
    if (upstream === undefined) return "";
    const server = this.#servers.get(service) ?? this.#serve(service, upstream);
    this.#servers.set(service, server);
    if (!server.listening) {
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    }
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = [...this.#servers.values()].map(
      (server) => new Promise((resolve) => server.close(resolve)),
    );
    this.#resetAll();
    await Promise.all(closed);
  }

  #serve(service: FaultService, upstream: URL): Server {
    const server = createServer({
      maxHeaderSize: 64 * 1024,
      requestTimeout: 0,
      keepAliveTimeout: 0,
    });
    server.on("connection", (socket: Socket) => {
      if (this.#isGone) return reset(socket);
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
      // Whoever hangs up, or is cut off, is nobody's fault here.
      socket.on("error", () => {});
    });
    server.on("request", (incoming, out) => {
      this.#answer(service, upstream, incoming, out).catch((error: unknown) => {
        if (out.headersSent) return reset(incoming.socket);
        out
          .writeHead(502)
          .end(`The fault proxy could not forward this to ${upstream.href}: ${String(error)}`);
      });
    });
    return server;
  }

  async #answer(
    service: FaultService,
    upstream: URL,
    incoming: IncomingMessage,
    out: ServerResponse,
  ): Promise<void> {
    const body = service === "dynamodb" ? await buffer(incoming) : undefined;
    const described = describeRequest(service, incoming, body);
    const { call, fault } = this.#injections.begin({ role: this.#role, service, ...described });
    const exchange = { call, fault, incoming, out, body };
    if (await this.#meet(exchange, "before")) return;
    const answer = await forward(upstream, incoming, body);
    if (await this.#meet(exchange, "after")) {
      answer.resume();
      return;
    }
    await relay(answer, fault, exchange);
  }

  /** @returns whether the request has met its end */
  async #meet(exchange: Exchange, moment: Moment): Promise<boolean> {
    const { fault, incoming } = exchange;
    if (fault === undefined || ("moment" in fault && fault.moment !== moment)) return false;
    switch (fault.kind) {
      case "answer":
        refuse(fault.answer, exchange);
        return true;
      case "reset":
        reset(incoming.socket);
        return true;
      case "crash":
        this.#isGone = true;
        this.#resetAll();
        return true;
      case "hold":
        await fault.until;
        return incoming.socket.destroyed;
      case "delay":
        if (moment === "before") await delay(fault.ms);
        return incoming.socket.destroyed;
      case "break-body":
      case "corrupt-body":
    }
    return false;
  }

  #resetAll(): void {
    for (const socket of this.#sockets) reset(socket);
  }
}

interface Exchange {
  readonly call: FaultCall;
  readonly fault: HttpFault | undefined;
  readonly incoming: IncomingMessage;
  readonly out: ServerResponse;
  readonly body: Uint8Array | undefined;
}

function refuse(answer: FaultAnswer, { call, incoming, out, body }: Exchange): void {
  const { status, headers, body: text } = encodeAnswer(answer, call, readInput(body));
  out.writeHead(status, headers).end(incoming.method === "HEAD" ? undefined : text);
  // The rest of a body that nobody wants, so that the connection can be used again.
  incoming.resume();
}

async function relay(
  answer: IncomingMessage,
  fault: HttpFault | undefined,
  { incoming, out }: Exchange,
): Promise<void> {
  out.writeHead(answer.statusCode ?? 502, answer.statusMessage, headersOf(answer));
  try {
    for await (const chunk of faulty(answer, fault)) {
      if (!(await written(chunk, out))) return;
    }
    out.end();
  } catch {
    // What was written arrives: the end comes without the rest of the bytes that were promised.
    incoming.socket.destroy();
  }
}

function faulty(
  body: AsyncIterable<Uint8Array>,
  fault: HttpFault | undefined,
): AsyncIterable<Uint8Array> {
  if (fault?.kind === "break-body") {
    return broken(body, fault.after, () => new Error("The connection breaks here."));
  }
  return fault?.kind === "corrupt-body" ? corrupted(body, fault.at) : body;
}

/** @returns false when the client hung up */
const written = (chunk: Uint8Array, out: ServerResponse): Promise<boolean> =>
  new Promise((resolve) => {
    const hungUp = () => resolve(false);
    out.once("close", hungUp);
    out.write(chunk, (error) => {
      out.off("close", hungUp);
      resolve(error === undefined || error === null);
    });
  });

/** With RST, so that the other side reads `ECONNRESET` and not an end. */
function reset(socket: Socket): void {
  socket.resetAndDestroy();
}
