import process from "node:process";
import { startDynoxide } from "../src/dynamodb/index.ts";

/** A process that starts an emulator, says where and which it is, and waits to be ended. */
const { endpoint, pid } = await startDynoxide({ directory: process.argv[2] ?? "" });
process.stdout.write(`${JSON.stringify({ endpoint, pid })}\n`);
