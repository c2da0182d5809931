import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { s3Client, s3ObjectStore, type S3ObjectStoreOptions } from "../src/s3/index.ts";

/** What a client asked, as it stood on the wire. */
export interface Asked {
  readonly method: string;
  /** With its percent signs. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: Uint8Array;
  /** Resolves once nothing more goes either way, however it ended. */
  readonly closed: Promise<void>;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string | number>;
  readonly body?: Uint8Array | string;
  /** Breaks the connection after so many bytes of the body. */
  readonly cutAfter?: number;
  /** Sends so many bytes of the body, and then nothing more. */
  readonly stallAfter?: number;
}

export const scriptedConfig = {
  region: "eu-west-1",
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
  forcePathStyle: true,
  maxAttempts: 3,
};

/** An S3 that does as it is told, request by request. */
export async function scriptedS3(answer: (asked: Asked, at: number) => Answer | Promise<Answer>) {
  const asked: Asked[] = [];
  let underWay = 0;
  let mostUnderWay = 0;
  const handle = async (incoming: IncomingMessage, out: ServerResponse) => {
    mostUnderWay = Math.max(mostUnderWay, ++underWay);
    const closed = new Promise<void>((resolve) => {
      out.once("close", () => {
        underWay -= 1;
        resolve();
      });
    });
    const body = new Uint8Array(await new Response(incoming as never).arrayBuffer());
    const { pathname, searchParams } = new URL(incoming.url ?? "", "http://s3");
    const request: Asked = {
      method: incoming.method ?? "",
      path: pathname,
      query: searchParams,
      headers: incoming.headers,
      body,
      closed,
    };
    asked.push(request);
    send(out, await answer(request, asked.length - 1));
  };
  const server = createServer((incoming, out) => {
    // A client that hangs up while it asks is no fault of the script.
    handle(incoming, out).catch(() => out.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = s3Client({ ...scriptedConfig, endpoint });
  return {
    asked,
    endpoint,
    client,
    store: (options: Partial<S3ObjectStoreOptions> = {}) =>
      s3ObjectStore({ client, bucket: "bucket", ...options }),
    get mostUnderWay() {
      return mostUnderWay;
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

function send(out: ServerResponse, answer: Answer): void {
  const { status = 200, headers = {}, body = "", cutAfter, stallAfter } = answer;
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const entity = out.req.method === "HEAD" ? {} : { "content-length": bytes.byteLength };
  out.writeHead(status, { ...entity, ...headers });
  if (cutAfter !== undefined) out.write(bytes.subarray(0, cutAfter), () => out.destroy());
  else if (stallAfter !== undefined) out.write(bytes.subarray(0, stallAfter));
  else out.end(out.req.method === "HEAD" ? undefined : bytes);
}

/** A fault as S3 sends it. */
export const fault = (status: number, code: string): Answer => ({
  status,
  headers: { "content-type": "application/xml" },
  body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>scripted</Message></Error>`,
});

export const xml = (body: string): Answer => ({
  headers: { "content-type": "application/xml" },
  body: `<?xml version="1.0" encoding="UTF-8"?>${body}`,
});

/** Answers a GET for one object with the range that it asks for. */
export function ranged(asked: Asked, bytes: Uint8Array, etag = `"v1"`): Answer {
  const [, from = "0", to = ""] = /^bytes=(\d+)-(\d*)$/.exec(asked.headers.range ?? "") ?? [];
  const first = Number(from);
  const last = Math.min(to === "" ? Infinity : Number(to), bytes.byteLength - 1);
  return {
    status: 206,
    headers: {
      etag,
      "content-range": `bytes ${first}-${last}/${bytes.byteLength}`,
      "last-modified": "Tue, 25 Jun 2024 00:00:00 GMT",
    },
    body: bytes.subarray(first, last + 1),
  };
}

/** Position-dependent bytes: no piece passes for another. */
export function bytesOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + (at >>> 8) * 17 + (at >>> 16)) & 255);
}
