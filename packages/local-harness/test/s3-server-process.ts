import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { CreateBucketCommand, S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";

export const BUCKET = "things";

/** The S3 server as users have it: a process of its own, with a bucket; for clients that no one here wrote. */
export interface S3Process extends AsyncDisposable {
  readonly endpoint: string;
  readonly pid: number;
  readonly directory: string;
  /** The process's environment for clients that read theirs. */
  readonly environment: Readonly<Record<string, string>>;
  client(config?: S3ClientConfig): S3Client;
  /** Bodies on disk. */
  dataFiles(): Promise<string[]>;
  /** What it wrote to stderr. */
  complaints(): string;
}

export interface S3ProcessOptions {
  /** The server's directory; without it, one of its own that goes with it. */
  readonly directory?: string;
  /** Further arguments of Node. */
  readonly nodeArguments?: readonly string[];
}

const IDENTITY = { accessKeyId: "topline", secretAccessKey: "topline" };
const REGION = "us-east-1";

export async function startS3Process(options: S3ProcessOptions = {}): Promise<S3Process> {
  const made = options.directory ?? (await mkdtemp(join(tmpdir(), "s3-process-")));
  const script = fileURLToPath(new URL("./s3-server-main.ts", import.meta.url));
  const child = spawn(
    process.execPath,
    [...(options.nodeArguments ?? []), "--conditions=@topline/source", script, made],
    { stdio: ["pipe", "pipe", "pipe"] },
  );
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  const { endpoint } = await new Promise<{ endpoint: string }>((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", (line) => {
      resolve(JSON.parse(line) as { endpoint: string });
    });
    void ended.then(() => reject(new Error(`The server did not start: ${complaints}`)));
  });

  const clients: S3Client[] = [];
  const client = (config: S3ClientConfig = {}) => {
    const settings = { endpoint, region: REGION, credentials: IDENTITY, forcePathStyle: true };
    const made = new S3Client({ ...settings, maxAttempts: 1, ...config });
    clients.push(made);
    return made;
  };
  await client().send(new CreateBucketCommand({ Bucket: BUCKET }));
  return {
    endpoint,
    pid: child.pid ?? 0,
    directory: made,
    environment: {
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_ACCESS_KEY_ID: IDENTITY.accessKeyId,
      AWS_SECRET_ACCESS_KEY: IDENTITY.secretAccessKey,
      AWS_REGION: REGION,
      AWS_DEFAULT_REGION: REGION,
      AWS_EC2_METADATA_DISABLED: "true",
    },
    client,
    dataFiles: () => readdir(join(made, "data")),
    complaints: () => complaints,
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.destroy();
      child.stdin.end();
      await ended;
      if (options.directory === undefined) await rm(made, { recursive: true, force: true });
    },
  };
}

/** The most memory that a process has had since `forgetPeak`, in bytes. Linux only. */
export async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) * 1024;
}

export const forgetPeak = (pid: number) => writeFile(`/proc/${pid}/clear_refs`, "5");
