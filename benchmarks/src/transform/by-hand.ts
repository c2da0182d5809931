import process from "node:process";
import { DuckDBInstance } from "@duckdb/node-api";
import { computeByHand, typedStreams } from "./script.ts";

/** The script by hand. Arguments: a folder for the tables, the catalogue, the files of listens. */
const [folder = "", songs = "", ...streams] = process.argv.slice(2);

const began = performance.now();
const instance = await DuckDBInstance.create(":memory:");
const db = await instance.connect();
await computeByHand(db, { songs, streams: typedStreams(streams) }, folder);
console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000 }));
