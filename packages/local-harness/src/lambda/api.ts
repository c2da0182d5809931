import type { IncomingHttpHeaders } from "node:http";
import { EventQueue, type EventQueueOptions } from "./event-queue.ts";
import { notImplemented } from "./errors.ts";
import type { LambdaEndpoints } from "./execution/place.ts";
import { EnvironmentPool, type PoolOptions } from "./execution/pool.ts";
import { Functions } from "./functions.ts";
import { type Input, inputOf } from "./input.ts";
import { invoke, type InvokeParts } from "./invoke.ts";
import { type FunctionReference, parseReference } from "./names.ts";
import { LambdaStore } from "./store.ts";

export interface LambdaApiOptions
  extends Pick<PoolOptions, "concurrency" | "idleMs">, EventQueueOptions {
  readonly directory: string;
  readonly endpoints: () => LambdaEndpoints;
}

export interface ApiRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  /** Bytes of the body. */
  readonly size: number;
  readonly body?: Uint8Array;
  readonly requestId: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object | Uint8Array;
}

/** Lambda's operations over a directory. */
export interface LambdaApi {
  /** @throws {LambdaError} */
  answer(request: ApiRequest): Promise<ApiAnswer>;
  /** Ends what is under way, and forgets what is queued. */
  close(): Promise<void>;
}

const PATH = /^\/2015-03-31\/functions(?:\/(?<name>[^/]+)(?<part>\/[a-z]+)?)?\/?$/;

interface Call extends ApiRequest {
  readonly reference: FunctionReference;
  readonly input: Input;
}

type Operation = (parts: InvokeParts, call: Call) => ApiAnswer | Promise<ApiAnswer>;

const ok = (body: object): ApiAnswer => ({ status: 200, body });

/** By method, and path behind the functions'. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  "GET ": ({ functions }, { url }) => ok(functions.list(url.searchParams)),
  "POST ": ({ functions }, { input }) => ({ status: 201, body: functions.create(input) }),
  "GET /NAME": ({ functions }, { reference }) => ok(functions.get(reference)),
  "DELETE /NAME": ({ functions }, { reference }) => {
    functions.delete(reference);
    return { status: 204 };
  },
  "GET /NAME/configuration": ({ functions }, { reference }) =>
    ok(functions.configuration(reference)),
  "PUT /NAME/configuration": ({ functions }, { reference, input }) =>
    ok(functions.updateConfiguration(reference, input)),
  "PUT /NAME/code": ({ functions }, { reference, input }) =>
    ok(functions.updateCode(reference, input)),
  "POST /NAME/invocations": (parts, call) => invoke(parts, call),
};

/** @throws {ToplineError} `STATE_CORRUPT` */
export function openLambdaApi({ directory, ...options }: LambdaApiOptions): LambdaApi {
  const store = new LambdaStore(directory);
  const pool = new EnvironmentPool({ ...options, directory: store.directory });
  const queue = new EventQueue(options);
  const { region } = options.endpoints();
  const functions = new Functions(store, region, (name) => pool.retire(name));
  return {
    async answer(request) {
      const { method, url, body = new Uint8Array() } = request;
      const groups = PATH.exec(url.pathname)?.groups;
      const { name = "", part = "" } = groups ?? {};
      const key = `${method} ${name === "" ? "" : "/NAME"}${part}`;
      const operation =
        groups !== undefined && Object.hasOwn(OPERATIONS, key) ? OPERATIONS[key] : undefined;
      if (operation === undefined) {
        throw notImplemented(`The embedded Lambda does not do ${method} ${url.pathname}.`);
      }
      const qualifier = url.searchParams.get("Qualifier");
      return operation(
        { functions, pool, queue, region },
        {
          ...request,
          // Asked for by those operations alone that have them.
          get reference() {
            return parseReference(decode(name), region, qualifier);
          },
          get input() {
            return inputOf(body);
          },
        },
      );
    },
    close() {
      queue.close();
      return pool.close();
    },
  };
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
