import process from "node:process";
import { spawnTiedGroup } from "../src/glue/spark/tied-group.ts";

/** A process that starts a group, passes on what that says, and waits to be ended. */
spawnTiedGroup("/bin/sh", ["-c", "sleep 600 & echo $$ $!; wait"], {
  env: { PATH: "/usr/bin:/bin" },
  cwd: "/",
  stderr: 2,
  onLine: (line) => void process.stdout.write(`${line}\n`),
});
