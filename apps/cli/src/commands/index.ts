import type { Command } from "commander";
import type { Invoke } from "../command.ts";
import { addAbandon } from "./abandon.ts";
import { addDemo } from "./demo.ts";
import { addDoctor } from "./doctor.ts";
import { addErase } from "./erase.ts";
import { addMaintain } from "./maintain.ts";
import { addPlan } from "./plan.ts";
import { addQuarantine } from "./quarantine.ts";
import { addQuery } from "./query.ts";
import { addRebuild } from "./rebuild.ts";
import { addReplay } from "./replay.ts";
import { addRetract } from "./retract.ts";
import { addRun } from "./run.ts";
import { addRuns } from "./runs.ts";
import { addSql } from "./sql.ts";
import { addStatus } from "./status.ts";
import { addStep } from "./step.ts";
import { addUp } from "./up.ts";
import { addWatch } from "./watch.ts";

/** In the order in which a newcomer needs them. */
export function addCommands(program: Command, invoke: Invoke): void {
  for (const add of [
    addDemo,
    addRun,
    addWatch,
    addQuery,
    addSql,
    addPlan,
    addStatus,
    addRuns,
    addQuarantine,
    addAbandon,
    addRebuild,
    addRetract,
    addReplay,
    addErase,
    addMaintain,
    addStep,
    addUp,
    addDoctor,
  ]) {
    add(program, invoke);
  }
}
