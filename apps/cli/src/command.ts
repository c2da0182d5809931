import type { Logger } from "@topline/core";
import type { Command } from "commander";
import {
  type Deployment,
  type DeploymentOptions,
  type HarnessDeployment,
  openDeployment,
  openHarnessDeployment,
} from "./deployment.ts";
import type { ExitCode } from "./exit-code.ts";
import type { Output } from "./output.ts";
import type { GlobalOptions } from "./settings.ts";
import type { Terminal } from "./terminal.ts";

/** What a command works with. */
export interface Invocation {
  readonly terminal: Terminal;
  readonly options: GlobalOptions;
  readonly output: Output;
  readonly logger: Logger;
  setExitCode(code: ExitCode): void;
}

export type Invoke = (command: Command) => Invocation;

export function deploymentOf(
  { terminal, options, logger }: Invocation,
  settings: DeploymentOptions,
): Promise<Deployment> {
  return openDeployment(terminal, options, logger, settings);
}

/** For commands that are about a harness; `why` says so to who wants another backend. */
export function harnessOf(
  { terminal, options, logger }: Invocation,
  settings: DeploymentOptions & { readonly why: string },
): Promise<HarnessDeployment> {
  return openHarnessDeployment(terminal, options, logger, settings);
}

/** Examples below a command's help. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}\n`;
}
