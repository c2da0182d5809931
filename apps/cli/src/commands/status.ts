import { detect, type RunSummary } from "@topline/core";
import type { Command } from "commander";
import { deploymentOf, examples, type Invoke } from "../command.ts";
import { RUN_COLUMNS } from "./runs.ts";

const RUNS_SHOWN = 5;

export function addStatus(program: Command, invoke: Invoke): void {
  program
    .command("status")
    .summary("inbox, open run, lease, last runs")
    .addHelpText("after", examples("topline status", "topline status --json | jq .open_run"))
    .action(async (_options: object, command: Command) => {
      const invocation = invoke(command);
      const { output } = invocation;
      await using deployment = await deploymentOf(invocation, { command: "topline status" });
      const { ledger, clock } = deployment.context;
      const { open_run, ...inbox } = await detect(deployment.context);
      const lease = await ledger.holder();
      const cursor = await ledger.cursor();
      const runs: RunSummary[] = [];
      for await (const run of ledger.list()) {
        if (runs.push(run) === RUNS_SHOWN) break;
      }
      const status = {
        inbox,
        open_run,
        lease:
          lease === undefined
            ? null
            : {
                holder: lease.holder,
                expires_at: lease.expiresAt.toISOString(),
                is_expired: lease.expiresAt <= clock.now(),
              },
        published: cursor === undefined ? null : { zone: cursor.zone, plan_hash: cursor.planHash },
        runs,
      };
      if (output.isJson) return output.json(status);

      const files = Object.values(inbox.arrivals).flat();
      const waiting =
        inbox.waiting_for.length > 0 ? `, waiting for ${inbox.waiting_for.join(", ")}` : "";
      await output.line(`Inbox     ${inbox.status} (${files.length} files${waiting})`);
      for (const key of files) await output.line(`          ${key}`);
      for (const key of inbox.ignored) await output.line(`          ${key} (ignored)`);
      await output.line(`Open run  ${open_run ?? "none"}`);
      await output.line(
        `Lease     ${
          status.lease === null
            ? "free"
            : `${status.lease.holder}, ${status.lease.is_expired ? "expired" : "until"} ${status.lease.expires_at}`
        }`,
      );
      if (runs.length > 0) {
        await output.heading("Last runs");
        await output.table(RUN_COLUMNS, runs);
      }
    });
}
