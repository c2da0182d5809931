import { createHash, randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { startHarness } from "../../../../test/backends/harness.ts";
import type { Cloud } from "../../../../test/backends/index.ts";
import { FETCH_MS } from "../../../../test/machine/java-classpath.ts";
import { describeNeeding } from "../../../../test/needs.ts";
import { type HadoopShell, hadoopShell } from "./hadoop/shell.ts";

/** Hadoop's S3A, which signs bodies chunk by chunk, keeps directories as objects and renames by copies. */

// A JVM a command, on cores that may be busy.
vi.setConfig({ testTimeout: 240_000 });

const MIB = 1024 ** 2;
const PART = 5 * MIB;

describeNeeding(["java", "maven"], "hadoop-aws", (paths) => {
  let cloud: Cloud;
  let client: S3Client;
  let directory: string;
  let hadoop: HadoopShell;
  let Bucket: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "topline-hadoop-"));
    cloud = await startHarness("embedded");
    const { s3: endpoint, region, credentials } = cloud;
    client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    hadoop = await hadoopShell(paths, cloud, directory);
  }, FETCH_MS);
  afterAll(async () => {
    client?.destroy();
    await cloud?.[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });
  beforeEach(async () => {
    Bucket = `hadoop-${randomUUID()}`;
    await client.send(new CreateBucketCommand({ Bucket }));
  });

  const url = (path = "") => `s3a://${Bucket}/${path}`;

  /** What it wrote, of a command that must succeed. */
  async function fs(...args: readonly string[]): Promise<Buffer> {
    const { code, stdout, stderr } = await hadoop(...args);
    expect(code, `${args.join(" ")}\n${stderr}`).toBe(0);
    return stdout;
  }

  async function file(name: string, bytes: Uint8Array): Promise<string> {
    const path = join(directory, name);
    await writeFile(path, bytes);
    return path;
  }

  const put = (Key: string, Body: string) =>
    client.send(new PutObjectCommand({ Bucket, Key, Body }));

  async function keys(): Promise<(string | undefined)[]> {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
    return Contents.map(({ Key }) => Key);
  }

  /** The paths of a listing, below the bucket. */
  async function listed(...args: readonly string[]): Promise<string[]> {
    const lines = (await fs("-ls", "-C", ...args)).toString().split("\n").filter(Boolean);
    return lines.map((line) => line.slice(url().length)).toSorted();
  }

  test("files are put, listed, read and described", async () => {
    const bytes = randomBytes(100_000);
    const names = ["a.csv", "b with spaces.csv", "c=+&;.csv", "d ümläut 日本.csv"];
    const local = await Promise.all(names.map((name) => file(name, bytes)));
    await fs("-mkdir", "-p", url("in/deep"));
    expect(await keys()).toEqual(["in/deep/"]);
    await fs("-put", ...local, url("in/deep/"));
    // The marker of a directory goes when something lies in it; what is being written has another name.
    expect(await keys()).toEqual(names.map((name) => `in/deep/${name}`).toSorted());
    expect(await listed("-R", url())).toEqual([
      "in",
      "in/deep",
      ...names.map((n) => `in/deep/${n}`),
    ]);
    expect(await fs("-cat", url("in/deep/c=+&;.csv"))).toEqual(bytes);
    const told = (await fs("-du", "-s", url("in"))).toString().split(/\s+/);
    expect(told[0]).toBe("400000");
    const etag = createHash("md5").update(bytes).digest("hex");
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: "in/deep/a.csv" }));
    expect(head.ETag).toBe(`"${etag}"`);
  });

  test("a large file goes up in parts, is copied and renamed in parts, and comes down whole", async () => {
    const bytes = randomBytes(3 * PART + 12_345);
    await fs("-put", await file("large", bytes), url("large"));
    const parts = [0, 1, 2, 3].map((i) => bytes.subarray(i * PART, (i + 1) * PART));
    const md5s = parts.map((part) => createHash("md5").update(part).digest());
    const etag = `"${createHash("md5").update(Buffer.concat(md5s)).digest("hex")}-4"`;
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: "large" }));
    expect([head.ETag, head.ContentLength]).toEqual([etag, bytes.length]);
    await fs("-cp", url("large"), url("copied"));
    await fs("-mv", url("copied"), url("renamed"));
    expect(await keys()).toEqual(["large", "renamed"]);
    expect((await fs("-cat", url("renamed"))).equals(bytes)).toBe(true);
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
    expect(Uploads).toEqual([]);
  });

  test("a directory is renamed with all that is in it, and removed with all that is in it", async () => {
    const names = ["1", "2", "3", "sub/4", "sub/5", "sub/x y/6", "sub/x y/7"];
    for (const name of ["other", "from2/stays", ...names.map((name) => `from/${name}`)]) {
      await put(name, name);
    }
    await fs("-mv", url("from"), url("to"));
    expect(await keys()).toEqual(["from2/stays", "other", ...names.map((name) => `to/${name}`)]);
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: "to/sub/x y/7" }));
    expect(await Body?.transformToString()).toBe("from/sub/x y/7");
    await fs("-rm", "-r", "-skipTrash", url("to"));
    expect(await keys()).toEqual(["from2/stays", "other"]);
  });

  test("what is not there, or there already, is told as by a file system", async () => {
    await put("there", "text");
    const local = await file("small", randomBytes(10));
    const missing = await hadoop("-cat", url("nothing"));
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining("No such file")]);
    const again = await hadoop("-put", local, url("there"));
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("File exists")]);
    const nowhere = await hadoop("-ls", "s3a://there-is-no-such-bucket/");
    expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining("does not exist")]);
  });
});
