import process from "node:process";
import { startDynamoDbLocal } from "../src/dynamodb/index.ts";

/** A process that starts DynamoDB Local, says where and which it is, and waits to be ended. */
const { endpoint, pid } = await startDynamoDbLocal({ directory: process.argv[2] ?? "" });
process.stdout.write(`${JSON.stringify({ endpoint, pid })}\n`);
