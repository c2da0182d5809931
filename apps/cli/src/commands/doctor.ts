import { type Finding, type ProbeName, probeMachine } from "@topline/local-harness/machine";
import type { Command } from "commander";
import { examples, type Invoke } from "../command.ts";
import type { Column, Output } from "../output.ts";
import { stateDirectory } from "../settings.ts";

/** A finding, and whether nothing works without it. */
interface Diagnosis extends Finding {
  readonly is_required: boolean;
}

/** What the default backend needs. */
const REQUIRED: ReadonlySet<ProbeName> = new Set(["node", "state", "duckdb", "dynoxide"]);

const COLUMNS: readonly Column[] = [
  { name: "name", title: "what" },
  { name: "state", title: "found" },
  { name: "version" },
  { name: "needed_for", title: "needed for" },
];

export function addDoctor(program: Command, invoke: Invoke): void {
  program
    .command("doctor")
    .summary("what this machine can run, what is missing, and how to get it")
    .description(
      "Asks each program for its version and changes nothing. Exits with 1 if something is missing that the default (embedded) backend needs; all else is for one purpose each.",
    )
    .addHelpText(
      "after",
      examples("topline doctor", "topline doctor --json | jq '.[] | select(.found | not)'"),
    )
    .action(async (_options: object, command: Command) => {
      const invocation = invoke(command);
      const { terminal, options, output } = invocation;
      const { env, signal } = terminal;
      const directory = stateDirectory(options, terminal);
      const findings = await probeMachine({ env, signal, stateDirectory: directory });
      const diagnoses = findings.map(diagnose);
      invocation.setExitCode(diagnoses.some(isFatal) ? 1 : 0);
      if (output.isJson) await output.json(diagnoses);
      else await describe(output, diagnoses);
    });
}

const diagnose = (finding: Finding): Diagnosis => ({
  ...finding,
  is_required: REQUIRED.has(finding.name),
});

const isFatal = ({ found, is_required }: Diagnosis) => is_required && !found;

async function describe(output: Output, diagnoses: readonly Diagnosis[]): Promise<void> {
  await output.table(COLUMNS, diagnoses.map(row));
  const missing = diagnoses.filter(({ found }) => !found);
  if (missing.length > 0) await output.heading("How to get what is missing");
  for (const { name, remedy } of missing) await output.line(`${name.padEnd(9)} ${remedy}`);
  await output.line(
    diagnoses.some(isFatal)
      ? "\nTopline cannot run here yet: what is marked MISSING must be there."
      : "\nTopline runs here. `topline demo` shows it.",
  );
}

const row = ({ name, found, is_required, version, needed_for }: Diagnosis) => ({
  name,
  state: found ? "yes" : is_required ? "MISSING" : "no",
  version,
  needed_for,
});
