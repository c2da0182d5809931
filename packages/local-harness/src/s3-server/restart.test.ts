import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { BUCKET, Fixture } from "../../test/s3-server-fixture.ts";
import { startS3Server } from "./index.ts";

const SERVER = fileURLToPath(new URL("../../test/s3-server-main.ts", import.meta.url));

async function startChild(directory: string): Promise<{ child: ChildProcess; endpoint: string }> {
  const child = spawn(process.execPath, ["--conditions=@topline/source", SERVER, directory], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    return { child, ...(JSON.parse(line) as { endpoint: string }) };
  }
  throw new Error("The server ended before it was up.");
}

/** Puts until the server is gone. A body says which put it is of, and so does its metadata. */
async function write(
  endpoint: string,
  writer: number,
  acknowledged: Map<string, number>,
  told: () => void,
) {
  for (let put = 0; ; put++) {
    const key = `${writer}/${put % 5}`;
    const body = new Uint8Array(200_000).fill(put % 256);
    try {
      const answer = await fetch(`${endpoint}/${BUCKET}/${key}`, {
        method: "PUT",
        body,
        headers: { "x-amz-meta-put": String(put), "content-type": `text/put-${put}` },
      });
      await answer.arrayBuffer();
      if (answer.status === 200) acknowledged.set(key, put);
      told();
    } catch {
      return;
    }
  }
}

test("a server that is killed in the midst of puts shows whole objects, each with its own metadata", async () => {
  await using s3 = await Fixture.open();
  await s3.close();
  const acknowledged = new Map<string, number>();
  for (let round = 0; round < 3; round++) {
    acknowledged.clear();
    const { child, endpoint } = await startChild(s3.directory);
    const { promise: isBusy, resolve } = Promise.withResolvers<void>();
    const told = () => {
      if (acknowledged.size >= 6 + round) resolve();
    };
    const writers = Array.from({ length: 3 }, (_, i) => write(endpoint, i, acknowledged, told));
    await isBusy;
    child.kill("SIGKILL");
    await once(child, "exit");
    await Promise.all(writers);

    await s3.restart();
    for (const [key, put] of acknowledged) {
      const answer = await fetch(`${s3.endpoint}/${BUCKET}/${key}`);
      const body = new Uint8Array(await answer.arrayBuffer());
      const shown = Number(answer.headers.get("x-amz-meta-put"));
      expect(shown).toBeGreaterThanOrEqual(put);
      expect(answer.headers.get("content-type")).toBe(`text/put-${shown}`);
      expect(body.byteLength).toBe(200_000);
      expect(body.every((byte) => byte === shown % 256)).toBe(true);
      const md5 = createHash("md5").update(body).digest("hex");
      expect(answer.headers.get("etag")).toBe(`"${md5}"`);
    }
    const listing = await (await fetch(`${s3.endpoint}/${BUCKET}?list-type=2`)).text();
    const listed = listing.match(/<Key>/g)?.length ?? 0;
    expect(listed).toBeGreaterThanOrEqual(acknowledged.size);
    await s3.close();
    // What the killed process had begun is gone.
    expect(await s3.dataFiles()).toHaveLength(listed);
  }
});

test("leftovers are swept, and what belongs to objects is not", async () => {
  await using s3 = await Fixture.open();
  await s3.put("k", "hello");
  await s3.close();
  await writeFile(join(s3.directory, "data", "0123456789ab-7"), "half a bo");
  await s3.restart();
  await s3.close();
  expect(await s3.dataFiles()).toHaveLength(1);
  await s3.restart();
  expect((await s3.get("k")).text).toBe("hello");
});

test("with thousands of objects a server is ready at once", async () => {
  await using s3 = await Fixture.open();
  await s3.close();
  const line = (key: string) =>
    `${JSON.stringify({ op: "put", bucket: BUCKET, object: { key, size: 0, etag: "d41d8cd98f00b204e9800998ecf8427e", modified: 0, headers: { "content-type": "text/csv" }, metadata: { "source-id": "0123456789abcdef" }, segments: [] } })}\n`;
  const lines = Array.from({ length: 5000 }, (_, i) =>
    line(`${randomBytes(20).toString("hex")}/${i}`),
  );
  const journal = join(s3.directory, "journal.jsonl");
  await writeFile(journal, lines.join(""), { flag: "a" });
  const start = performance.now();
  const server = await startS3Server({ directory: s3.directory });
  const ready = performance.now() - start;
  const listing = await (await fetch(`${server.endpoint}/${BUCKET}?list-type=2`)).text();
  await server.close();
  expect(listing.match(/<Key>/g)).toHaveLength(1000);
  // Tens of milliseconds; the bound leaves room for a busy machine.
  expect(ready).toBeLessThan(1000);
});

test("a port that is taken is a fault that says so", async () => {
  await using s3 = await Fixture.open();
  const port = Number(new URL(s3.endpoint).port);
  await expect(
    startS3Server({ directory: join(s3.directory, "other"), port }),
  ).rejects.toMatchObject({
    code: "HARNESS_UNAVAILABLE",
    message: expect.stringContaining(String(port)),
  });
});
