import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import type { Fault } from "@topline/core";
import type { EmbeddedDynamo } from "../dynamodb/index.ts";
import type { HarnessBackend, HarnessContainers } from "./backend.ts";
import type { HarnessEndpoints } from "./endpoints.ts";

/**
 * What is said between a harness and its users: one line of JSON each way when a user comes.
 * After that nothing is said; the connection's end is the message.
 */
export interface Request {
  readonly token: string;
  readonly bucket: string;
  /** False: the bucket is not made for this user. */
  readonly makesBucket?: boolean;
  /** The port that S3 must be on, where the user minds. */
  readonly s3Port?: number;
  readonly backend: HarnessBackend;
  /** The embedded server of DynamoDB that it must be, where the user minds. */
  readonly dynamodb?: EmbeddedDynamo;
  /** Containers that stay are asked for; `false` does not mind. */
  readonly reuse: boolean;
}

export interface Served {
  readonly endpoints: HarnessEndpoints;
  readonly containers?: HarnessContainers;
}

export type Answer =
  /** Serves until this connection closes. */
  | ({ readonly status: "serving" } & Served)
  /** Has decided to end: wait for the lock and start another. */
  | { readonly status: "ending" }
  | { readonly status: "refused"; readonly fault: Fault };

/** What a started process says once on its stdout. */
export type Report =
  | { readonly status: "serving" }
  | { readonly status: "failed"; readonly fault: Fault };

const LONGEST_LINE = 65_536;

/** The first line of a stream as JSON; `undefined` when it ends, breaks or babbles before there is one. */
export function firstMessage<T>(stream: Readable | Socket): Promise<T | undefined> {
  return new Promise((resolve) => {
    let text = "";
    const finish = (message: T | undefined) => {
      stream.off("data", read).off("end", giveUp).off("close", giveUp);
      resolve(message);
    };
    const giveUp = () => finish(undefined);
    const read = (chunk: string) => {
      text += chunk;
      const end = text.indexOf("\n");
      if (end >= 0) finish(parse(text.slice(0, end)) as T | undefined);
      else if (text.length > LONGEST_LINE) giveUp();
    };
    stream.setEncoding("utf8");
    stream.on("data", read).on("end", giveUp).on("close", giveUp);
    // The faults of a broken stream are told by its end; later ones are the owner's to hear.
    stream.on("error", giveUp);
  });
}

function parse(line: string): object | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

export const asLine = (message: Request | Answer | Report) => `${JSON.stringify(message)}\n`;
