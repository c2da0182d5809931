import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  DeleteFunctionCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  ListFunctionsCommand,
  ListLayersCommand,
  ListVersionsByFunctionCommand,
  paginateListFunctions,
  PublishVersionCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
} from "@aws-sdk/client-lambda";
import { expect, test } from "vitest";
import { startLambdaServer } from "../src/lambda/server.ts";
import { LambdaStage, lambdaClientOf, NOWHERE, ROLE } from "./lambda-fixture.ts";

/** Lambda's API for functions, by the AWS SDK. */

const FunctionName = "f";
const ARN = "arn:aws:lambda:us-east-1:000000000000:function:f";

test("a function is created, told, changed in part, listed and deleted", async () => {
  await using lambda = await LambdaStage.open();
  const { client } = lambda;
  const created = await lambda.create("f", {
    Description: "of a test",
    Environment: { Variables: { COLOUR: "blue" } },
    Tags: { team: "kpi" },
  });
  expect(created).toMatchObject({
    $metadata: { httpStatusCode: 201 },
    FunctionName: "f",
    FunctionArn: ARN,
    Runtime: "nodejs24.x",
    Role: ROLE,
    Handler: "index.handler",
    Timeout: 3,
    MemorySize: 128,
    Version: "$LATEST",
    State: "Active",
    PackageType: "Zip",
    Environment: { Variables: { COLOUR: "blue" } },
  });
  const active = await waitUntilFunctionActiveV2({ client, maxWaitTime: 5 }, { FunctionName });
  expect(active.state).toBe("SUCCESS");
  const told = await client.send(new GetFunctionCommand({ FunctionName }));
  expect(told.Tags).toEqual({ team: "kpi" });
  expect(told.Code?.Location).toBe(`file://${lambda.code}`);
  expect(told.Configuration).toMatchObject({ RevisionId: created.RevisionId });

  const RevisionId = created.RevisionId;
  const update = { FunctionName, Timeout: 900, MemorySize: 3008, RevisionId };
  const updated = await client.send(new UpdateFunctionConfigurationCommand(update));
  expect(updated).toMatchObject({ Timeout: 900, MemorySize: 3008, Description: "of a test" });
  expect(updated.Environment).toEqual({ Variables: { COLOUR: "blue" } });
  await expect(client.send(new UpdateFunctionConfigurationCommand(update))).rejects.toMatchObject({
    name: "PreconditionFailedException",
  });
  const folder = { FunctionName, S3Bucket: "hot-reload", S3Key: lambda.root };
  await client.send(new UpdateFunctionCodeCommand(folder));
  const last = await client.send(new GetFunctionConfigurationCommand({ FunctionName }));
  expect(last.CodeSha256).not.toBe(created.CodeSha256);
  expect(last.RevisionId).not.toBe(updated.RevisionId);

  await lambda.create("another");
  const { Functions = [] } = await client.send(new ListFunctionsCommand({}));
  expect(Functions.map((one) => one.FunctionName)).toEqual(["another", "f"]);
  const deleted = await client.send(new DeleteFunctionCommand({ FunctionName }));
  expect(deleted.$metadata.httpStatusCode).toBe(204);
  await expect(client.send(new GetFunctionCommand({ FunctionName }))).rejects.toMatchObject({
    name: "ResourceNotFoundException",
    message: `Function not found: ${ARN}`,
    $metadata: { httpStatusCode: 404 },
  });
});

test.each([
  "f",
  "f:$LATEST",
  "function:f",
  "000000000000:function:f",
  "000000000000:function:f:$LATEST",
  ARN,
  `${ARN}:$LATEST`,
])("%s is a name of the function", async (FunctionName) => {
  await using lambda = await LambdaStage.open();
  await lambda.create("f");
  const { client } = lambda;
  const told = await client.send(new GetFunctionConfigurationCommand({ FunctionName }));
  const qualifier = FunctionName.endsWith("$LATEST") ? ":$LATEST" : "";
  expect([told.FunctionName, told.FunctionArn]).toEqual(["f", `${ARN}${qualifier}`]);
  const dry = { FunctionName, InvocationType: "DryRun" } as const;
  expect((await client.send(new InvokeCommand(dry))).StatusCode).toBe(204);
});

test.each([
  ["none", undefined, "ResourceNotFoundException"],
  ["f:7", undefined, "ResourceNotFoundException"],
  ["f", "prod", "ResourceNotFoundException"],
  ["f:$LATEST", "prod", "InvalidParameterValueException"],
  ["111111111111:function:f", undefined, "ResourceNotFoundException"],
  [ARN.replace("us-east-1", "eu-west-1"), undefined, "ResourceNotFoundException"],
  ["two words", undefined, "ValidationException"],
  ["x".repeat(65), undefined, "ValidationException"],
])("%s with qualifier %s names nothing: %s", async (FunctionName, Qualifier, name) => {
  await using lambda = await LambdaStage.open();
  await lambda.create("f");
  const call = { FunctionName, ...(Qualifier === undefined ? {} : { Qualifier }) };
  for (const command of [new GetFunctionCommand(call), new InvokeCommand(call)]) {
    await expect(lambda.client.send(command)).rejects.toMatchObject({ name });
  }
});

test("functions are listed page by page", async () => {
  await using lambda = await LambdaStage.open();
  const names = Array.from({ length: 120 }, (_, i) => `f${String(i).padStart(3, "0")}`);
  await Promise.all(names.map((name) => lambda.create(name)));
  const found: (string | undefined)[] = [];
  let pages = 0;
  for await (const { Functions = [] } of paginateListFunctions({ client: lambda.client }, {})) {
    found.push(...Functions.map((one) => one.FunctionName));
    pages += 1;
  }
  expect(found).toEqual(names);
  expect(pages).toBe(3);
});

test.each([
  [{ FunctionName: "f" }, "ResourceConflictException"],
  [{ Timeout: 0 }, "ValidationException"],
  [{ Timeout: 901 }, "ValidationException"],
  [{ MemorySize: 64 }, "ValidationException"],
  [{ Role: "nobody" }, "ValidationException"],
  [{ Environment: { Variables: { "a-b": "1" } } }, "ValidationException"],
  [{ Environment: { Variables: { AWS_REGION: "eu" } } }, "InvalidParameterValueException"],
  [{ Environment: { Variables: { BIG: "x".repeat(5000) } } }, "InvalidParameterValueException"],
  [{ Code: { S3Bucket: "hot-reload", S3Key: "a/b" } }, "InvalidParameterValueException"],
  [{ Code: { S3Bucket: "code", S3Key: "f.zip" } }, "NotImplemented"],
  [{ Code: { ZipFile: new Uint8Array(1) } }, "NotImplemented"],
  [{ Runtime: "python3.13" }, "NotImplemented"],
  [{ PackageType: "Image" }, "NotImplemented"],
  [{ Layers: ["arn:aws:lambda:us-east-1:000000000000:layer:l:1"] }, "NotImplemented"],
  [{ Publish: true }, "NotImplemented"],
  [{ DeadLetterConfig: { TargetArn: "arn:aws:sqs:us-east-1:000000000000:q" } }, "NotImplemented"],
  [{ LoggingConfig: { LogFormat: "JSON" } }, "NotImplemented"],
  [{ SnapStart: { ApplyOn: "PublishedVersions" } }, "NotImplemented"],
] as const)("creating one with %o is answered %s", async (given, name) => {
  await using lambda = await LambdaStage.open();
  await lambda.create("f");
  await expect(lambda.create("g", given as object)).rejects.toMatchObject({ name });
  await expect(
    lambda.client.send(new GetFunctionCommand({ FunctionName: "g" })),
  ).rejects.toMatchObject({ name: "ResourceNotFoundException" });
});

test("what asks for nothing is no reason to refuse", async () => {
  await using lambda = await LambdaStage.open();
  const given = {
    Layers: [],
    VpcConfig: { SubnetIds: [], SecurityGroupIds: [] },
    Publish: false,
    SnapStart: { ApplyOn: "None" },
    LoggingConfig: { LogFormat: "Text" },
    TracingConfig: { Mode: "Active" },
    Architectures: ["arm64"],
  } as const;
  const created = await lambda.create("f", given as object);
  expect(created).toMatchObject({ TracingConfig: { Mode: "Active" }, Architectures: ["arm64"] });
});

test("what the emulator does not do is not pretended", async () => {
  await using lambda = await LambdaStage.open();
  await lambda.create("f");
  for (const command of [
    new PublishVersionCommand({ FunctionName }),
    new ListVersionsByFunctionCommand({ FunctionName }),
    new ListLayersCommand({}),
  ]) {
    await expect(lambda.client.send(command as ListLayersCommand)).rejects.toMatchObject({
      name: "NotImplemented",
      $metadata: { httpStatusCode: 501 },
    });
  }
});

test("functions survive the server; nothing is made on disk before somebody asks", async () => {
  await using lambda = await LambdaStage.open();
  expect(existsSync(lambda.directory)).toBe(false);
  const before = await lambda.create("f");
  await lambda.server.close();
  const options = { directory: lambda.directory, endpoints: () => ({ ...NOWHERE, lambda: "" }) };
  await using next = await startLambdaServer(options);
  const client = lambdaClientOf(next.endpoint);
  const { $metadata: _, ...after } = await client.send(
    new GetFunctionConfigurationCommand({ FunctionName }),
  );
  expect(before).toMatchObject(after);
  client.destroy();
});

test("a state that cannot be read is told, and read again once it is mended", async () => {
  await using lambda = await LambdaStage.open();
  const file = join(lambda.directory, "functions.json");
  await mkdir(lambda.directory);
  await writeFile(file, "no JSON");
  const list = () => lambda.client.send(new ListFunctionsCommand({}));
  await expect(list()).rejects.toThrow(/functions\.json is not what the embedded Lambda writes/);
  await rm(file);
  expect((await list()).Functions).toEqual([]);
});

test("what is no request of Lambda's is answered as Lambda does", async () => {
  await using lambda = await LambdaStage.open();
  await lambda.create("f");
  const ask = async (path: string, body: string, headers: Record<string, string> = {}) => {
    const url = `${lambda.server.endpoint}${path}`;
    const answer = await fetch(url, { method: "POST", body, headers });
    await answer.arrayBuffer();
    return [answer.status, answer.headers.get("x-amzn-errortype")];
  };
  const functions = "/2015-03-31/functions";
  expect(await ask(functions, "{")).toEqual([400, "InvalidRequestContentException"]);
  expect(await ask(functions, "[]")).toEqual([400, "ValidationException"]);
  expect(await ask(functions, "{}")).toEqual([400, "ValidationException"]);
  expect(await ask("/", "{}")).toEqual([501, "NotImplemented"]);
  expect(await ask(`${functions}/f/constructor`, "{}")).toEqual([501, "NotImplemented"]);
  const json = { "content-type": "application/json" };
  const invoke = (body: string, headers: Record<string, string> = json) =>
    ask(`${functions}/f/invocations`, body, headers);
  expect(await invoke("{")).toEqual([400, "InvalidRequestContentException"]);
  expect(await invoke("{}", { "content-type": "text/csv" })).toEqual([
    415,
    "UnsupportedMediaTypeException",
  ]);
  expect(await invoke("{}", { ...json, "x-amz-client-context": "?" })).toEqual([
    400,
    "InvalidRequestContentException",
  ]);
  expect(await invoke("{}", { ...json, "x-amz-invocation-type": "Later" })).toEqual([
    400,
    "ValidationException",
  ]);
  expect(await invoke("{}", { ...json, "x-amz-tenant-id": "t" })).toEqual([501, "NotImplemented"]);
});

test("a port that is taken is a fault that names it", async () => {
  await using lambda = await LambdaStage.open();
  const port = Number(new URL(lambda.server.endpoint).port);
  const options = { directory: lambda.directory, endpoints: () => ({ ...NOWHERE, lambda: "" }) };
  await expect(startLambdaServer({ ...options, port })).rejects.toMatchObject({
    code: "HARNESS_UNAVAILABLE",
    message: expect.stringContaining(String(port)) as string,
  });
});
