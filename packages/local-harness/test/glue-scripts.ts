import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  BatchStopJobRunCommand,
  CreateJobCommand,
  type CreateJobCommandInput,
  GetJobRunCommand,
  type GlueClient,
  StartJobRunCommand,
} from "@aws-sdk/client-glue";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { isLive, type JobRun } from "../src/glue/records.ts";
import { glueClientOf } from "./glue-fixture.ts";
import { until } from "./harness-processes.ts";

/** A JVM comes up, on cores that may be busy. */
const RUN_MS = 120_000;

export interface GluePlace {
  readonly s3: string;
  readonly glue: string;
  /** Of the Glue endpoint. */
  readonly directory: string;
}

/** Small scripts as jobs of a Glue that runs. */
export class GlueScripts implements Disposable {
  readonly bucket = `glue-${randomUUID()}`;
  readonly glue: GlueClient;
  readonly #s3: S3Client;
  readonly #directory: string;

  private constructor({ s3, glue, directory }: GluePlace) {
    this.glue = glueClientOf({ endpoint: glue });
    this.#directory = directory;
    this.#s3 = new S3Client({
      endpoint: s3,
      region: "us-east-1",
      credentials: { accessKeyId: "topline", secretAccessKey: "topline" },
      forcePathStyle: true,
    });
  }

  static async at(place: GluePlace): Promise<GlueScripts> {
    const scripts = new GlueScripts(place);
    await scripts.#s3.send(new CreateBucketCommand({ Bucket: scripts.bucket }));
    return scripts;
  }

  /** @returns its `s3://` name */
  async put(Key: string, Body: string | Uint8Array): Promise<string> {
    await this.#s3.send(new PutObjectCommand({ Bucket: this.bucket, Key, Body }));
    return `s3://${this.bucket}/${Key}`;
  }

  /** @returns its name */
  async job(script: string, settings: Partial<CreateJobCommandInput> = {}): Promise<string> {
    const Name = `job-${randomUUID()}`;
    const ScriptLocation = await this.put(`${Name}.py`, script);
    const Command = { Name: "glueetl", ScriptLocation, PythonVersion: "3" };
    await this.glue.send(new CreateJobCommand({ Name, Role: "role", Command, ...settings }));
    return Name;
  }

  async start(JobName: string, Arguments: Record<string, string> = {}): Promise<string> {
    const { JobRunId } = await this.glue.send(new StartJobRunCommand({ JobName, Arguments }));
    return JobRunId ?? "";
  }

  async stop(JobName: string, id: string): Promise<void> {
    await this.glue.send(new BatchStopJobRunCommand({ JobName, JobRunIds: [id] }));
  }

  async untilOver(JobName: string, RunId: string): Promise<JobRun> {
    let found: unknown;
    const isOver = async () => {
      const { JobRun: run } = await this.glue.send(new GetJobRunCommand({ JobName, RunId }));
      found = run;
      return !isLive(run as unknown as JobRun);
    };
    await until(`run ${RunId} is over`, isOver, RUN_MS);
    return found as JobRun;
  }

  async run(JobName: string, given: Record<string, string> = {}): Promise<JobRun> {
    return this.untilOver(JobName, await this.start(JobName, given));
  }

  log(id: string): Promise<string> {
    return readFile(join(this.#directory, "logs", `${id}.log`), "utf8");
  }

  /** @returns what the groups of `line` found */
  async untilLogged(id: string, line: RegExp): Promise<string[]> {
    let found: RegExpExecArray | null = null;
    const says = async () => {
      found = line.exec(await this.log(id).catch(() => ""));
      return found !== null;
    };
    await until(`the log of ${id} says ${line.source}`, says, RUN_MS);
    return (found ?? []).slice(1);
  }

  [Symbol.dispose](): void {
    this.glue.destroy();
    this.#s3.destroy();
  }
}
