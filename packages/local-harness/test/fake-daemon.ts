// A harness whose parts are stand-ins; `faults.json` in the state directory says how they misbehave.
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { runDaemon, type DaemonArguments } from "../src/harness/daemon-process.ts";
import type { HarnessContainers } from "../src/harness/backend.ts";
import { type HarnessPart, type PartOptions, startEmbedded } from "../src/harness/embedded.ts";

export interface Faults {
  /** Says nothing and does nothing, ever. */
  readonly isWedged?: boolean;
  readonly crash?: string;
  readonly s3Fails?: string;
  readonly dynamoHangs?: boolean;
  readonly closeHangs?: boolean;
  readonly bucketStatus?: number;
  readonly graceMs?: number;
  readonly startTimeoutMs?: number;
  /** How long S3 takes to start. */
  readonly s3StartMs?: number;
  /** How often the start tells how far it is. */
  readonly progressMs?: number;
  readonly containers?: HarnessContainers;
  /** DynamoDB ends by itself at the first request to it. */
  readonly dynamoIsMortal?: boolean;
}

const { stateDirectory } = JSON.parse(process.argv[2] ?? "") as DaemonArguments;
const file = join(stateDirectory, "faults.json");
const faults = (existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {}) as Faults;

if (faults.crash !== undefined) throw new Error(faults.crash);
if (faults.isWedged === true) for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);

async function listen(options: PartOptions, status = 200): Promise<HarnessPart> {
  const { promise: lost, resolve: lose } = Promise.withResolvers<string>();
  const isMortal = options.directory.endsWith("dynamodb") && faults.dynamoIsMortal === true;
  const server = createServer((_request, response) => {
    response.writeHead(status).end(dirname(options.directory));
    if (isMortal) lose("exit code 7");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lost,
    async close() {
      if (faults.closeHangs === true) await new Promise(() => {});
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const starters = {
  async startS3(options: PartOptions) {
    process.stderr.write("S3 starts\n");
    if (faults.s3StartMs !== undefined) await delay(faults.s3StartMs);
    if (faults.s3Fails !== undefined) throw new Error(faults.s3Fails);
    return listen(options, faults.bucketStatus);
  },
  async startDynamo(options: PartOptions) {
    if (faults.dynamoHangs === true) await new Promise(() => {});
    return listen(options);
  },
};

await runDaemon(async () => ({
  ...(faults.graceMs === undefined ? {} : { graceMs: faults.graceMs }),
  async start(options) {
    let said = 0;
    const tell = () => options.onProgress(`${++said} of many`);
    const timer = setInterval(tell, faults.progressMs ?? 2 ** 30);
    const parts = await startEmbedded(starters, options, faults.startTimeoutMs);
    clearInterval(timer);
    return {
      ...parts,
      ...(faults.containers === undefined ? {} : { containers: faults.containers }),
    };
  },
}));
