import process from "node:process";

export const isDeno = process.versions["deno"] !== undefined;

/** The arguments with which the runtime of this process, Node or Deno, runs a module, with all permissions. */
export function runtimeArguments(script: string): string[] {
  const conditions = conditionsOf(script);
  const command = [...conditions, script];
  return isDeno ? ["run", "--no-prompt", "--allow-all", ...command] : command;
}

const SOURCE_CONDITION = "--conditions=@topline/source";

/**
 * The conditions that this process resolves packages with; from source, at least the one for source. Deno tells
 * of none, but passes those of the variable DENO_CONDITIONS on by itself.
 */
export function conditionsOf(script: string): string[] {
  const found: string[] = [];
  for (const [index, argument] of process.execArgv.entries()) {
    if (/^(?:--conditions|-C)=/.test(argument)) found.push(argument);
    else if (argument === "--conditions" || argument === "-C") {
      found.push(`--conditions=${process.execArgv[index + 1]}`);
    }
  }
  if (script.endsWith(".ts") && !found.includes(SOURCE_CONDITION)) found.push(SOURCE_CONDITION);
  return found;
}
