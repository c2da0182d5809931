// Run as a harness's process would be: tries what a harness needs and what it does not, and says what succeeded.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";

const [state = ""] = process.argv.slice(2);

async function listen(host: string) {
  const server = createServer().listen(0, host);
  // Deno throws a refusal past the server's listeners.
  const refused = once(process, "uncaughtException").then(([error]) => Promise.reject(error));
  await Promise.race([once(server, "listening"), refused]);
  server.close();
}

async function run(program: string, ...args: string[]) {
  const [code] = (await once(spawn(program, args, { stdio: "ignore" }), "exit")) as [number | null];
  if (code !== 0) throw new Error(`exit code ${code}`);
}

const attempts = {
  "write in the state directory": () => writeFile(join(state, "attempt"), ""),
  "read in the state directory": () => readFile(join(state, "attempt")),
  "listen on loopback": () => listen("127.0.0.1"),
  "run the shell": () => run("/bin/sh", "-c", "true"),
  "write elsewhere": () => writeFile(`${state}-beside`, ""),
  "read elsewhere": () => readFile("/etc/passwd"),
  "listen on every address": () => listen("0.0.0.0"),
  "run another program": () => run(process.execPath, "--version"),
};

const succeeded: string[] = [];
for (const [name, attempt] of Object.entries(attempts)) {
  try {
    await attempt();
    succeeded.push(name);
  } catch {
    // It is not among those that succeeded.
  }
}
process.stdout.write(JSON.stringify(succeeded));
