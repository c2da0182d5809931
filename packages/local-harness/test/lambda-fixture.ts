import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateFunctionCommand,
  type CreateFunctionCommandInput,
  InvokeCommand,
  type InvokeCommandInput,
  LambdaClient,
} from "@aws-sdk/client-lambda";
import {
  type LambdaServer,
  type LambdaServerOptions,
  startLambdaServer,
} from "../src/lambda/server.ts";

export function lambdaClientOf(endpoint: string): LambdaClient {
  return new LambdaClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "topline", secretAccessKey: "topline" },
    maxAttempts: 1,
  });
}

export const ROLE = "arn:aws:iam::000000000000:role/topline";

/** What a handler is told of the harness where there is none. */
export const NOWHERE = {
  s3: "http://s3.invalid",
  dynamodb: "http://dynamodb.invalid",
  glue: "http://glue.invalid",
  region: "us-east-1",
  accessKeyId: "key",
  secretAccessKey: "secret",
};

export interface Called {
  readonly status: number | undefined;
  readonly value: unknown;
  readonly error: string | undefined;
  /** Where it was asked for. */
  readonly log: string;
  readonly requestId: string;
}

/** A Lambda in a directory of its own, and a folder for the handlers. */
export class LambdaStage implements AsyncDisposable {
  readonly root: string;
  readonly directory: string;
  readonly code: string;
  readonly server: LambdaServer;
  readonly client: LambdaClient;

  private constructor(root: string, server: LambdaServer) {
    this.root = root;
    this.directory = join(root, "lambda");
    this.code = join(root, "code");
    this.server = server;
    this.client = lambdaClientOf(server.endpoint);
  }

  static async open(options: Partial<LambdaServerOptions> = {}): Promise<LambdaStage> {
    const root = await mkdtemp(join(tmpdir(), "topline-lambda-"));
    await mkdir(join(root, "code"));
    let lambda = "";
    const server = await startLambdaServer({
      directory: join(root, "lambda"),
      endpoints: () => ({ ...NOWHERE, lambda }),
      ...options,
    });
    lambda = server.endpoint;
    return new LambdaStage(root, server);
  }

  write(file: string, text: string): Promise<void> {
    return writeFile(join(this.code, file), text);
  }

  /** Makes a function of a module's text, with an export `handler` that has time on a busy machine. */
  async make(
    name: string,
    module: string,
    given: Partial<CreateFunctionCommandInput> = {},
  ): Promise<void> {
    await this.write(`${name}.mjs`, module);
    await this.create(name, { Handler: `${name}.handler`, Timeout: 30, ...given });
  }

  create(name: string, given: Partial<CreateFunctionCommandInput> = {}) {
    return this.client.send(
      new CreateFunctionCommand({
        FunctionName: name,
        Role: ROLE,
        Runtime: "nodejs24.x",
        Handler: "index.handler",
        Code: { S3Bucket: "hot-reload", S3Key: this.code },
        ...given,
      }),
    );
  }

  async call(
    name: string,
    event: unknown = {},
    given: Partial<InvokeCommandInput> = {},
  ): Promise<Called> {
    const answer = await this.client.send(
      new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(event), ...given }),
    );
    const text = answer.Payload?.transformToString() ?? "";
    return {
      status: answer.StatusCode,
      value: text === "" ? undefined : JSON.parse(text),
      error: answer.FunctionError,
      log: atob(answer.LogResult ?? ""),
      requestId: answer.$metadata.requestId ?? "",
    };
  }

  log(name: string): Promise<string> {
    return readFile(join(this.directory, "logs", `${name}.log`), "utf8");
  }

  async [Symbol.asyncDispose]() {
    this.client.destroy();
    await this.server.close();
    await rm(this.root, { recursive: true, force: true });
  }
}
