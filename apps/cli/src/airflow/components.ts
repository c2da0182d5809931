import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import { spawnTiedGroup, type TiedGroup } from "@topline/local-harness/processes";

/** Airflow is these four, each a process with what it starts. */
export const COMPONENTS = ["api-server", "scheduler", "dag-processor", "triggerer"] as const;

export interface AirflowCommand {
  readonly name: string;
  readonly group: TiedGroup;
  /** The file that has what it says. */
  readonly log: string;
}

export interface CommandOptions {
  /** Airflow's program. */
  readonly program: string;
  readonly env: Record<string, string>;
  readonly home: string;
}

/** A command of Airflow's. It ends with this process, however this one ends. */
export function startCommand(
  args: readonly [string, ...string[]],
  { program, env, home }: CommandOptions,
): AirflowCommand {
  const [name] = args;
  const log = join(home, "logs", `${name}.log`);
  const group = spawnTiedGroup(program, args, { env, cwd: home, stderr: "stdout" });
  // What cannot be written is not worth an end.
  void pipeline(group.stdout, createWriteStream(log)).catch(() => {});
  return { name, group, log };
}

/** Tasks that are at work are told, too, and retried at the next start. */
const TERM_MS = 20_000;

/** All at once; what does not end in time is killed. */
export async function stopCommands(commands: readonly AirflowCommand[]): Promise<void> {
  await Promise.all(
    commands.map(async ({ group }) => {
      group.signal("TERM");
      const patience = new AbortController();
      const late = delay(TERM_MS, "late", { signal: patience.signal }).catch(() => "");
      if ((await Promise.race([group.ended, late])) === "late") group.signal("KILL");
      patience.abort();
      await group.ended;
    }),
  );
}
