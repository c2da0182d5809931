import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "@topline/core";
import { glueClient } from "../src/glue/index.ts";

export interface Asked {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** An answer's body, a fault, or a connection that breaks after the request has come. */
export type Answer = object | GlueFault | "cut";

export class GlueFault {
  readonly name: string;
  readonly status: number;

  constructor(name: string, status = 400) {
    this.name = name;
    this.status = status;
  }
}

/** A Glue that does as it is told, request by request, and a clock on which pauses take no time. */
export async function scriptedGlue(answer: (asked: Asked, at: number) => Answer) {
  const asked: Asked[] = [];
  const handle = async (incoming: IncomingMessage, out: ServerResponse) => {
    const input = JSON.parse(await new Response(incoming as never).text()) as Asked["input"];
    const operation = String(incoming.headers["x-amz-target"]).replace("AWSGlue.", "");
    const request = { operation, input };
    asked.push(request);
    const given = answer(request, asked.filter((one) => one.operation === operation).length - 1);
    if (given === "cut") return out.destroy();
    const isFault = given instanceof GlueFault;
    const body = isFault ? { __type: given.name, Message: "scripted" } : given;
    out.writeHead(isFault ? given.status : 200, { "content-type": "application/x-amz-json-1.1" });
    return out.end(JSON.stringify(body));
  };
  const server = createServer((incoming, out) => {
    handle(incoming, out).catch(() => out.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const client = glueClient({
    region: "eu-west-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    maxAttempts: 2,
  });
  const slept: number[] = [];
  const clock: Clock = {
    now: () => new Date(0),
    async sleep(ms) {
      slept.push(ms);
    },
  };
  return {
    client,
    clock,
    slept,
    operations: () => asked.map(({ operation }) => operation),
    inputs: (operation: string) =>
      asked.filter((one) => one.operation === operation).map(({ input }) => input),
    async [Symbol.asyncDispose]() {
      client.destroy();
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
