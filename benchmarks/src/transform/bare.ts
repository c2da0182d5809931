import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { pipeline } from "node:stream/promises";
import { DuckDBInstance } from "@duckdb/node-api";
import { INBOX } from "@topline/core";
import { openDeployment } from "../measure/deployment.ts";
import { literal } from "../sql.ts";
import { computeByHand, typedStreams } from "./script.ts";

/** Read at a time for an upload. */
const READ_BYTES = 1024 ** 2;

/**
 * The script by hand where Topline works: fetches the inbox, keeps the listens as Parquet by date, brings that to S3,
 * and computes from it. All at once where it can be, and nothing is checked. Arguments: the folder of a deployment, an
 * empty one for files and tables.
 */
const [deployed = "", folder = ""] = process.argv.slice(2);
await using deployment = await openDeployment(deployed);
const { store } = deployment;
const instance = await DuckDBInstance.create(":memory:");
const db = await instance.connect();

const began = performance.now();
const inbox = await Array.fromAsync(store.list(INBOX));
const fetched = inbox.map(async ({ key }) => {
  const path = join(folder, key);
  await mkdir(dirname(path), { recursive: true });
  await pipeline((await store.get(key)).body, createWriteStream(path));
  return path;
});
const paths = await Promise.all(fetched);
const songs = paths.find((path) => basename(path) === "songs.csv") ?? "";
const streams = paths.filter((path) => basename(dirname(path)) === "streams");

const zone = join(folder, "zone");
await db.run(
  `COPY (SELECT *, CAST(listen_time AS DATE) AS date FROM ${typedStreams(streams)})
   TO ${literal(zone)} (FORMAT parquet, PARTITION_BY (date))`,
);
const files = await readdir(zone, { recursive: true });
const uploads = files
  .filter((file) => file.endsWith(".parquet"))
  .map((file) =>
    store.put(`bare/${file}`, createReadStream(join(zone, file), { highWaterMark: READ_BYTES })),
  );
const computing = computeByHand(
  db,
  { songs, streams: `read_parquet(${literal(`${zone}/*/*.parquet`)})` },
  folder,
);
await Promise.all([...uploads, computing]);
console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000 }));
