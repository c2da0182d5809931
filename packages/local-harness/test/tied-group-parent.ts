import process from "node:process";
import { spawnTiedGroup } from "../src/processes/tied-group.ts";

/** A process that starts a group, passes on what that says, and waits to be ended. */
const { stdout } = spawnTiedGroup("/bin/sh", ["-c", "sleep 600 & echo $$ $!; wait"], {
  env: { PATH: "/usr/bin:/bin" },
  cwd: "/",
  stderr: 2,
});
stdout.pipe(process.stdout);
