import { mkdtemp, readdir, rm } from "node:fs/promises";
import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Buffer } from "node:buffer";
import { CreateBucketCommand, S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { type S3Server, startS3Server } from "../src/s3-server/index.ts";

export const BUCKET = "things";

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface RawRequest {
  readonly method?: string;
  /** Sent as it is. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** A server with one bucket, and two ways to it: the real SDK, and raw HTTP for what the SDK cannot say. */
export class Fixture implements AsyncDisposable {
  readonly directory: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #server: S3Server;
  #clients: S3Client[] = [];

  private constructor(directory: string, server: S3Server) {
    this.directory = directory;
    this.#server = server;
  }

  static async open(): Promise<Fixture> {
    const directory = await mkdtemp(join(tmpdir(), "topline-s3-"));
    const fixture = new Fixture(directory, await startS3Server({ directory }));
    await fixture.client().send(new CreateBucketCommand({ Bucket: BUCKET }));
    return fixture;
  }

  get endpoint(): string {
    return this.#server.endpoint;
  }

  client(config: S3ClientConfig = {}): S3Client {
    const client = new S3Client({
      endpoint: this.endpoint,
      region: "us-east-1",
      forcePathStyle: true,
      credentials: { accessKeyId: "any", secretAccessKey: "any" },
      maxAttempts: 1,
      ...config,
    });
    this.#clients.push(client);
    return client;
  }

  /** One connection for all of these: an answer that spoils it fails the next request. */
  send({ method = "GET", path, headers = {}, body }: RawRequest): Promise<Answered> {
    return new Promise((resolve, reject) => {
      const { port } = new URL(this.endpoint);
      const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
      const outgoing = request(
        {
          host: "127.0.0.1",
          port,
          agent: this.#agent,
          method,
          path,
          headers: { ...length, ...headers },
        },
        (incoming) => {
          const parts: Buffer[] = [];
          incoming.on("data", (part: Buffer) => parts.push(part));
          incoming.on("error", reject);
          incoming.on("end", () => {
            const text = Buffer.concat(parts).toString();
            resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text });
          });
        },
      );
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  }

  put(key: string, body: string | Uint8Array, headers?: RawRequest["headers"]): Promise<Answered> {
    const path = `/${BUCKET}/${encodeURIComponent(key)}`;
    return this.send({ method: "PUT", path, body, ...(headers && { headers }) });
  }

  get(key: string, headers?: RawRequest["headers"]): Promise<Answered> {
    return this.send({
      path: `/${BUCKET}/${encodeURIComponent(key)}`,
      ...(headers && { headers }),
    });
  }

  /** Bodies on disk; `close` or `restart` first, so that deletions are over. */
  dataFiles(): Promise<string[]> {
    return readdir(join(this.directory, "data"));
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    for (const client of this.#clients) client.destroy();
    this.#clients = [];
    await this.#server.close();
  }

  async restart(): Promise<void> {
    await this.close();
    this.#server = await startS3Server({ directory: this.directory });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** `Code` of an error document. */
export const codeOf = ({ text }: Answered) => /<Code>(\w+)<\/Code>/.exec(text)?.[1];
