import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GlueClient } from "@aws-sdk/client-glue";
import type {
  Execute,
  ExecutionEnd,
  ExecutionEvents,
  ExecutionRequest,
} from "../src/glue/execution.ts";
import { type GlueServer, type GlueServerOptions, startGlueServer } from "../src/glue/server.ts";

/** A run that a test carries out: it says what happens. */
export interface Staged {
  readonly request: ExecutionRequest;
  readonly events: ExecutionEvents;
  /** What was done to it: `stop`, `kill`. */
  readonly signals: string[];
  end(end: ExecutionEnd): void;
}

/** A stage on which runs are carried out by the test; one that is killed ends at once. */
export function stage() {
  const staged: Staged[] = [];
  const execute: Execute = (request, events) => {
    const { promise: ended, resolve: end } = Promise.withResolvers<ExecutionEnd>();
    const signals: string[] = [];
    staged.push({ request, events, signals, end });
    return {
      ended,
      stop: () => void signals.push("stop"),
      kill() {
        signals.push("kill");
        end({ status: "failed", message: "killed" });
      },
    };
  };
  return { staged, execute };
}

export function glueClientOf({ endpoint }: Pick<GlueServer, "endpoint">): GlueClient {
  return new GlueClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "topline", secretAccessKey: "topline" },
    maxAttempts: 1,
  });
}

/** A Glue in a directory of its own, whose runs a stage carries out. */
export async function stagedGlue(options: Partial<GlueServerOptions> = {}) {
  const root = await mkdtemp(join(tmpdir(), "topline-glue-"));
  const { staged, execute } = stage();
  const directory = join(root, "glue");
  const server = await startGlueServer({ directory, loadExecute: async () => execute, ...options });
  const client = glueClientOf(server);
  return {
    directory,
    server,
    client,
    staged,
    async [Symbol.asyncDispose]() {
      client.destroy();
      await server.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

export const JOB = {
  Name: "job",
  Role: "role",
  Command: { Name: "glueetl", ScriptLocation: "s3://bucket/script.py", PythonVersion: "3" },
};
