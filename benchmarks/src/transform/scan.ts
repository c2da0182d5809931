import process from "node:process";
import { DuckDBInstance } from "@duckdb/node-api";
import { literal } from "../sql.ts";

/** The floor: DuckDB reads every field of the listens with its type, and keeps none. Arguments: the files. */
const began = performance.now();
const instance = await DuckDBInstance.create(":memory:");
const db = await instance.connect();
await db.run(
  `SELECT max(user_id), max(track_id), max(listen_time)
   FROM read_csv(
     [${process.argv.slice(2).map(literal).join(", ")}],
     header = true,
     columns = {'user_id': 'VARCHAR', 'track_id': 'VARCHAR', 'listen_time': 'TIMESTAMP'}
   )`,
);
console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000 }));
