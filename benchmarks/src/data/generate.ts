import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { createGunzip } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { type Shape, shapeName } from "./shape.ts";

/**
 * Listening data of any size, laid out as a drop: the real catalogue, users, and listens that are drawn by hashes
 * of their numbers, so that a file is written as it is drawn, in bounded memory. Not a model of how people listen.
 */

const CATALOGUE = fileURLToPath(
  new URL("../../../examples/music-streaming/data/songs.csv.gz", import.meta.url),
);

/** Tells that the folder is whole; written last. */
const COMPLETE = "shape.json";

/** The folder with the data of `shape`, made in `parent` unless it is there. */
export async function listeningData(shape: Shape, parent: string): Promise<string> {
  const folder = join(parent, shapeName(shape));
  if (existsSync(join(folder, COMPLETE))) return folder;
  const draft = `${folder}.part`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(join(draft, "streams"), { recursive: true });
  await pipeline(
    createReadStream(CATALOGUE),
    createGunzip(),
    createWriteStream(join(draft, "songs.csv")),
  );
  await writeDrawn(shape, draft);
  await writeFile(join(draft, COMPLETE), `${JSON.stringify(shape, undefined, 2)}\n`);
  await rm(folder, { recursive: true, force: true });
  await rename(draft, folder);
  return folder;
}

/** Paths of a drop's files. */
export const usersFile = (folder: string) => join(folder, "users.csv");
export const songsFile = (folder: string) => join(folder, "songs.csv");
export function streamsFiles(folder: string, { files }: Pick<Shape, "files">): string[] {
  return Array.from({ length: files }, (_, i) => join(folder, "streams", `streams${i + 1}.csv`));
}

async function writeDrawn(shape: Shape, folder: string): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:");
  const db = await instance.connect();
  try {
    const set = (name: string, value: number) => db.run(`SET VARIABLE ${name} = ${value}`);
    await set("seed", shape.seed);
    await set("listens", shape.listens);
    await set("users", shape.users);
    await set("dates", shape.dates);
    await set("repeats", shape.repeatsPerMille);
    // Evenly in [0, 1), and the same for the same number, purpose and seed.
    await db.run(
      "CREATE MACRO draw(i, purpose) AS CAST(hash(i, purpose, getvariable('seed')) >> 11 AS DOUBLE) / 9007199254740992",
    );
    await db.run(
      `CREATE TABLE catalogue AS
       SELECT track_id, row_number() OVER (ORDER BY draw(track_id, 'place'), track_id) - 1 AS place
       FROM (SELECT DISTINCT track_id FROM read_csv($1, header = true, all_varchar = true))`,
      [songsFile(folder)],
    );
    await db.run(
      `CREATE TABLE listeners AS
       SELECT user_id, row_number() OVER (ORDER BY draw(user_id, 'place'), user_id) - 1 AS place
       FROM range(1, getvariable('users') + 1) AS users (user_id)`,
    );
    await db.run("SET VARIABLE tracks = (SELECT count(*) FROM catalogue)");
    const copy = async (query: string, file: string) =>
      db.run(`COPY (${await sql(query)}) TO '${file.replaceAll("'", "''")}' (FORMAT csv, HEADER)`);
    await copy("users", usersFile(folder));
    const paths = streamsFiles(folder, shape);
    for (const [i, path] of paths.entries()) {
      await set("first", Math.round((shape.listens * i) / shape.files));
      await set("last", Math.round((shape.listens * (i + 1)) / shape.files));
      await copy("listens", path);
    }
  } finally {
    db.closeSync();
    instance.closeSync();
  }
}

const sql = (name: string) => readFile(new URL(`./${name}.sql`, import.meta.url), "utf8");
