import { once } from "node:events";
import { ToplineError } from "@topline/core";
import { type HarnessContainers, removalOf } from "@topline/local-harness";
import type { Command } from "commander";
import { examples, harnessOf, type Invocation, type Invoke } from "../command.ts";
import { backendOf } from "../settings.ts";

interface Options {
  readonly port?: string;
  readonly reuse?: boolean;
}

export function addUp(program: Command, invoke: Invoke): void {
  program
    .command("up")
    .summary("start S3, DynamoDB, Glue and Lambda on this machine and keep them running")
    .description(
      "Starts the harness (or joins the one that runs for this state), creates bucket and tables, makes what an orchestrator calls (the steps as Lambda functions, the transform as a Glue job too), prints the endpoints, and stays until Ctrl-C. Any AWS client works against them; credentials are not checked.",
    )
    .option("--port <n>", "the port of S3 (default: any that is free)")
    .option("--reuse", "containers that stay, and are taken up again by the next command")
    .addHelpText(
      "after",
      examples(
        "topline up",
        "topline up --port 4566 --json",
        "topline up --backend containers --reuse",
      ),
    )
    .action(async (options: Options, command: Command) => {
      const invocation = invoke(command);
      const { output, terminal } = invocation;
      const why =
        "There is nothing to start on the external backend: it is there already. `topline doctor --backend external` looks at it.";
      const wanted = { ...portOf(options), ...reuseOf(options, invocation) };
      const settings = { command: "topline up", why, ...wanted };
      await using deployment = await harnessOf(invocation, settings);
      const { endpoints } = deployment;
      const { functions, job } = await deployment.makeOrchestrated();
      if ("lacks" in job) invocation.logger.warn("There is no Glue job", { reason: job.lacks });
      if (output.isJson) await output.json(endpoints);
      else {
        const lines = {
          S3: `${endpoints.s3} (bucket ${endpoints.bucket}, path style)`,
          DynamoDB: endpoints.dynamodb,
          Glue: endpoints.glue,
          Lambda: endpoints.lambda,
          Functions: functions.join(", "),
          "Glue job": "name" in job ? job.name : `none. ${job.lacks}`,
          Region: endpoints.region,
          Credentials: `${endpoints.accessKeyId} / ${endpoints.secretAccessKey} (any are accepted)`,
        };
        for (const [name, value] of Object.entries(lines)) {
          await output.line(`${name.padEnd(12)} ${value}`);
        }
        await output.line(`\nReady. ${whatStays(deployment.containers)}`);
      }
      const { signal } = deployment.context;
      if (signal !== undefined && !signal.aborted) await once(signal, "abort");
      if (!terminal.signal.aborted) throw signal?.reason;
    });
}

function whatStays(containers: HarnessContainers | undefined): string {
  if (containers === undefined) return "Ctrl-C stops it; the state is kept.";
  if (containers.areKept) {
    return `Ctrl-C ends this command; the containers stay, with all that is in them. To remove them:\n${removalOf(containers.label)}`;
  }
  return "Ctrl-C stops it; the containers are removed with their last user, and all that is in them.";
}

/** @throws {ToplineError} `USAGE` */
function reuseOf({ reuse }: Options, { options, terminal }: Invocation): Pick<Options, "reuse"> {
  if (reuse === undefined) return {};
  if (backendOf(options, terminal) === "containers") return { reuse };
  throw new ToplineError("USAGE", "--reuse is about containers: add --backend containers.");
}

/** @throws {ToplineError} `USAGE` */
function portOf({ port }: Options): { readonly s3Port?: number } {
  if (port === undefined) return {};
  const s3Port = /^[0-9]{1,5}$/.test(port) ? Number(port) : 0;
  if (s3Port >= 1 && s3Port <= 65_535) return { s3Port };
  throw new ToplineError("USAGE", `${JSON.stringify(port)} is no port: a number from 1 to 65535.`);
}
