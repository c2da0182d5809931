import { request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { answersListTables } from "../dynamodb/ready.ts";

/** An emulator of one AWS service: its image, and how it is run. */
export interface Emulator {
  readonly service: "S3" | "DynamoDB";
  readonly image: string;
  /** Inside the container. */
  readonly port: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly command: readonly string[];
  /** Folders in memory, in place of volumes that would outlive the container. */
  readonly tmpfs: Readonly<Record<string, string>>;
  /** How long it may take to do its work, from its start. Two busy cores: 10 s. */
  readonly readyMs: number;
  /** Resolves once it does its work; rejects when the signal aborts. */
  isReady(endpoint: string, signal: AbortSignal): Promise<void>;
}

/** The last version that starts without a token. */
export const LOCALSTACK: Emulator = {
  service: "S3",
  image: "localstack/localstack:4.14.0",
  port: 4566,
  environment: {
    SERVICES: "s3",
    // Healthy means loaded: else the first call would take seconds.
    EAGER_SERVICE_LOADING: "1",
    // Nothing is sent or fetched.
    DISABLE_EVENTS: "1",
    SKIP_SSL_CERT_DOWNLOAD: "1",
  },
  command: [],
  tmpfs: { "/var/lib/localstack": "rw" },
  readyMs: 120_000,
  isReady: (endpoint, signal) =>
    repeat(signal, async () => {
      const { services } = JSON.parse(await get(`${endpoint}/_localstack/health`, signal)) as {
        readonly services: Readonly<Record<string, string>>;
      };
      return services["s3"] === "running";
    }),
};

export const DYNAMODB_LOCAL: Emulator = {
  service: "DynamoDB",
  image: "amazon/dynamodb-local:3.3.1",
  port: 8000,
  environment: { DDB_LOCAL_TELEMETRY: "0" },
  // One set of tables, whatever region and access key a client names.
  command: ["-jar", "DynamoDBLocal.jar", "-inMemory", "-sharedDb"],
  tmpfs: {},
  readyMs: 120_000,
  isReady: answersListTables,
};

async function repeat(signal: AbortSignal, attempt: () => Promise<boolean>): Promise<void> {
  while (!(await attempt().catch(() => false))) await delay(100, undefined, { signal });
}

/** Not `fetch`: no connection is left behind. */
function get(url: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(url, { agent: false, signal, timeout: 5_000 }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve(text)).on("error", reject);
    });
    call.on("timeout", () => call.destroy(new Error("no answer within 5 s"))).on("error", reject);
    call.end();
  });
}
