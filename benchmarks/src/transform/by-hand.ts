import { readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { DuckDBInstance } from "@duckdb/node-api";
import { TABLES } from "@topline/kpi-engine";
import { literal } from "../sql.ts";

/** The script by hand. Arguments: a folder for the tables, the catalogue, the files of listens. */
const [folder = "", songs = "", ...streams] = process.argv.slice(2);
const script = await readFile(new URL("./by-hand.sql", import.meta.url), "utf8");

const began = performance.now();
const instance = await DuckDBInstance.create(":memory:");
const db = await instance.connect();
await db.run(`SET VARIABLE songs = ${literal(songs)}`);
await db.run(`SET VARIABLE streams = [${streams.map(literal).join(", ")}]`);
await db.run(script);
for (const { relation } of TABLES) {
  const file = literal(join(folder, `${relation}.parquet`));
  await db.run(`COPY ${relation} TO ${file} (FORMAT parquet)`);
}
console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000 }));
