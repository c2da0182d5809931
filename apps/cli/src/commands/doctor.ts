import { ToplineError } from "@topline/core";
import { type Finding, type ProbeName, probeMachine } from "@topline/local-harness/machine";
import type { Command } from "commander";
import { examples, type Invocation, type Invoke } from "../command.ts";
import { loadConfig } from "../config-file.ts";
import type { Column, Output } from "../output.ts";
import { type Backend, backendOf, stateDirectory } from "../settings.ts";

interface Options {
  readonly create?: boolean;
}

/** What was found of one thing, and whether the backend works without it. */
interface Diagnosis extends Omit<Finding, "name"> {
  readonly name: string;
  readonly is_required: boolean;
}

/** Without which no backend works. */
const ALWAYS: readonly ProbeName[] = ["node", "state", "duckdb"];

/** Without which a harness runs no Glue job. */
const FOR_GLUE: readonly ProbeName[] = ["java", "python", "uv"];

/** Without which a backend does not work here. */
function requiredOf(
  backend: Backend,
  findings: readonly Finding[],
  { TOPLINE_DYNAMODB: chosen }: Invocation["terminal"]["env"],
): readonly ProbeName[] {
  if (backend === "external") return ALWAYS;
  if (backend === "containers") return [...ALWAYS, "docker"];
  const isFound = (wanted: ProbeName) =>
    findings.some(({ name, found }) => name === wanted && found);
  const usesJava = isFound("dynamodb-local") && !isFound("dynoxide");
  return [...ALWAYS, chosen === "dynamodb-local" || usesJava ? "dynamodb-local" : "dynoxide"];
}

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
      "Asks each program for its version and changes nothing. Exits with 1 if something is missing that the backend needs; all else is for one purpose each. With --backend external also looks for bucket and tables at the endpoints, and for the Glue job where the configuration has the engine glue.",
    )
    .option(
      "--create",
      "external backend: make bucket and tables that are missing, and try conditional writes with a scratch object",
    )
    .addHelpText(
      "after",
      examples(
        "topline doctor",
        "topline doctor --json | jq '.[] | select(.found | not)'",
        "topline doctor --backend external --create",
      ),
    )
    .action(async (options: Options, command: Command) => {
      const invocation = invoke(command);
      const { output } = invocation;
      const backend = backendOf(invocation.options, invocation.terminal);
      if (options.create === true && backend !== "external") {
        throw new ToplineError(
          "USAGE",
          "--create is for --backend external: a harness makes what it needs by itself.",
        );
      }
      const diagnoses = await diagnose(invocation, backend, options);
      invocation.setExitCode(diagnoses.some(isFatal) ? 1 : 0);
      if (output.isJson) await output.json(diagnoses);
      else await describe(output, diagnoses);
    });
}

async function diagnose(
  invocation: Invocation,
  backend: Backend,
  { create = false }: Options,
): Promise<readonly Diagnosis[]> {
  const { terminal, options } = invocation;
  const { env, signal } = terminal;
  const directory = stateDirectory(options, terminal);
  const findings = await probeMachine({ env, signal, stateDirectory: directory });
  const { engine } = await loadConfig(options, terminal);
  const ofEngine = engine === "glue" && backend !== "external" ? FOR_GLUE : [];
  const required = new Set([...requiredOf(backend, findings, env), ...ofEngine]);
  const diagnoses: Diagnosis[] = [];
  for (const finding of findings) {
    diagnoses.push({ ...finding, is_required: required.has(finding.name) });
  }
  if (backend !== "external") return diagnoses;
  // With it come the SDKs, which most commands load while the harness comes up.
  const { examineExternal } = await import("../external.ts");
  for (const { name, met, needed_for, remedy } of await examineExternal(invocation, { create })) {
    const what = { version: null, path: null, needed_for, remedy };
    diagnoses.push({ name, found: met, ...what, is_required: true });
  }
  return diagnoses;
}

const isFatal = ({ found, is_required }: Diagnosis) => is_required && !found;

async function describe(output: Output, diagnoses: readonly Diagnosis[]): Promise<void> {
  await output.table(COLUMNS, diagnoses.map(row));
  const missing = diagnoses.filter(({ found }) => !found);
  if (missing.length > 0) await output.heading("How to get what is missing");
  const width = Math.max(...missing.map(({ name }) => name.length));
  for (const { name, remedy } of missing) await output.line(`${name.padEnd(width)} ${remedy}`);
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
