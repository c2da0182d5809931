import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cloud } from "./cloud.ts";

/** A foreign endpoint: moto's server, as any other that `AWS_ENDPOINT_URL_*` names. */
export async function startMoto({ python }: { readonly python: string }): Promise<Cloud> {
  const directory = await mkdtemp(join(tmpdir(), "topline-moto-"));
  const { child, endpoint } = await serve(python);
  const region = "us-east-1";
  const credentials = { accessKeyId: "moto", secretAccessKey: "moto" };
  return {
    s3: endpoint,
    dynamodb: endpoint,
    region,
    credentials,
    command: {
      args: ["--state", directory, "--backend", "external"],
      env: {
        AWS_ENDPOINT_URL_S3: endpoint,
        AWS_ENDPOINT_URL_DYNAMODB: endpoint,
        AWS_REGION: region,
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      },
    },
    async [Symbol.asyncDispose]() {
      const ended = once(child, "close");
      child.kill("SIGKILL");
      await ended;
      await rm(directory, { recursive: true, force: true, maxRetries: 20 });
    },
  };
}

/**
 * It ends with its stdin, which closes with this process, however that ends. DynamoDB's requests, and those that change
 * something in S3, it takes one at a time: it looks at conditions first and acts then (see the row of moto).
 */
const SERVER = `
import os, sys, threading
from moto import server
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
turn = threading.Lock()
dispatch = server.DomainDispatcherApplication.__call__
def in_turn(self, environ, start_response):
    if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
        return dispatch(self, environ, start_response)
    with turn:
        return list(dispatch(self, environ, start_response))
server.DomainDispatcherApplication.__call__ = in_turn
server.main(["-H", "127.0.0.1", "-p", "0"])
`;

/** On a port that it chooses itself and tells on stderr. */
async function serve(python: string) {
  const child = spawn(python, ["-c", SERVER], {
    stdio: ["pipe", "ignore", "pipe"],
    env: { PATH: "/usr/bin:/bin", PYTHONUNBUFFERED: "1" },
  });
  let told = "";
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    told = (told + text).slice(-4_000);
    const endpoint = /http:\/\/127\.0\.0\.1:[0-9]+/.exec(told)?.[0];
    if (endpoint !== undefined) resolve(endpoint);
  });
  child.on("error", reject);
  child.on("close", (code) => reject(new Error(`moto ended with ${code}: ${told}`)));
  return { child, endpoint: await promise };
}
