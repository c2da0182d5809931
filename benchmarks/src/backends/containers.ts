import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Containers of a harness, as Docker's own command tells of them. */
export interface ContainersOf {
  /** Process ids of what runs in them, on this machine. */
  pids(): Promise<number[]>;
  /** Whether any is there, running or not. */
  exist(): Promise<boolean>;
}

export function containersOf(docker: string, label: string): ContainersOf {
  const list = async (...options: string[]) => {
    const filter = ["--quiet", "--no-trunc", "--filter", `label=${label}`];
    return words((await run(docker, ["ps", ...options, ...filter])).stdout);
  };
  return {
    async pids() {
      const ids = await list();
      if (ids.length === 0) return [];
      const format = ["--format", "{{.State.Pid}}"];
      return words((await run(docker, ["inspect", ...format, ...ids])).stdout).map(Number);
    },
    exist: async () => (await list("--all")).length > 0,
  };
}

const words = (text: string) => text.split(/\s+/).filter(Boolean);
