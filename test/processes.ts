import { readdir, readFile, readlink } from "node:fs/promises";

/** What runs on this machine, by `/proc`: nothing where there is no such thing. */

export interface MachineProcess {
  readonly pid: number;
  /** Of its process group. */
  readonly group: number;
  /** The program first; none of what has no program, as a thread of the kernel. */
  readonly args: readonly string[];
  /** In which it works; empty where this user may not know. */
  readonly folder: string;
}

/** Those that have ended, though nobody has asked for them yet, are left out. */
export async function processes(): Promise<MachineProcess[]> {
  const names = await readdir("/proc").catch(() => []);
  const found = await Promise.all(names.filter((name) => /^[0-9]+$/.test(name)).map(processOf));
  return found.filter((one) => one !== undefined);
}

async function processOf(name: string): Promise<MachineProcess | undefined> {
  const place = `/proc/${name}`;
  const [status, command, folder] = await Promise.all([
    readFile(`${place}/stat`, "utf8").catch(() => undefined),
    readFile(`${place}/cmdline`, "utf8").catch(() => ""),
    readlink(`${place}/cwd`).catch(() => ""),
  ]);
  if (status === undefined) return undefined;
  // Before these stands the program's name in parentheses, which may hold any of them.
  const [state = "", , group = ""] = status.slice(status.lastIndexOf(")") + 2).split(" ");
  if ("ZX".includes(state)) return undefined;
  const args = command === "" ? [] : command.replace(/\0$/, "").split("\0");
  return { pid: Number(name), group: Number(group), args, folder };
}
