import { toFault, toJson, ToplineError } from "@topline/core";
import { Command, CommanderError, Option } from "commander";
import { addCommands } from "./commands/index.ts";
import type { Invocation } from "./command.ts";
import { type ExitCode, exitCodeOf } from "./exit-code.ts";
import { createOutput } from "./output.ts";
import { createLogger } from "./narration.ts";
import { BACKENDS, type GlobalOptions, LOG_FORMATS, LOG_LEVELS } from "./settings.ts";
import type { Terminal } from "./terminal.ts";

/** Runs one command line, and tells what the process is to exit with. Throws nothing. */
export async function main(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const isJson = args.includes("--json");
  let exitCode: ExitCode = 0;
  const program = createProgram(terminal, (code) => (exitCode = code));
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    // Commander has printed help and version, and its own message unless JSON was asked for.
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const fault =
      error instanceof CommanderError
        ? new ToplineError("USAGE", error.message.replace(/^error: /, ""), { cause: error })
        : error;
    report(terminal, fault, isJson, error instanceof CommanderError);
    return exitCodeOf(fault);
  }
}

function createProgram(terminal: Terminal, setExitCode: (code: ExitCode) => void): Command {
  const program = new Command("topline")
    .description("Daily listening KPIs from raw files in S3 to DynamoDB.")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: (text) => void terminal.stderr.write(text),
      outputError() {},
    })
    .exitOverride()
    .showSuggestionAfterError()
    .option(
      "--state <dir>",
      "whose harness to use; the embedded backend keeps its state there (env: TOPLINE_STATE)",
    )
    .addOption(
      new Option(
        "--backend <backend>",
        "what to work on (default: embedded; env: TOPLINE_BACKEND)",
      ).choices(BACKENDS),
    )
    .option("--config <file>", "the configuration (default: topline.config.ts, if it is there)")
    .option("--json", "one JSON document on stdout")
    .addOption(
      new Option("--log-level <level>", "what to narrate on stderr")
        .choices(LOG_LEVELS)
        .default("warn"),
    )
    .addOption(
      new Option("--log-format <format>", "how to narrate").choices(LOG_FORMATS).default("pretty"),
    );

  addCommands(program, (command): Invocation => {
    const options = command.optsWithGlobals<GlobalOptions>();
    return {
      terminal,
      options,
      output: createOutput(terminal, options.json === true),
      logger: createLogger(terminal, options),
      setExitCode,
    };
  });
  return program;
}

function report(
  { stdout, stderr }: Terminal,
  error: unknown,
  isJson: boolean,
  isUsage: boolean,
): void {
  const fault = toFault(error);
  if (isJson) {
    stdout.write(`${toJson({ error: fault }, 2)}\n`);
    return;
  }
  stderr.write(`${fault.code}  ${fault.message}\n`);
  if (isUsage) stderr.write("See `topline --help`, or `topline <command> --help`.\n");
  if (fault.is_retryable) stderr.write("Trying again may help.\n");
}
