import { existsSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { compareRows, type KpiRow, type TableSpec, ToplineError } from "@topline/core";
import type { Command } from "commander";
import { examples, harnessOf, type Invocation, type Invoke } from "../command.ts";
import type { Deployment } from "../deployment.ts";
import { exitCodeOfRun } from "../exit-code.ts";
import { type GlobalOptions, stateDirectory } from "../settings.ts";
import type { SqlResult } from "../sql/index.ts";
import type { Terminal } from "../terminal.ts";
import { uploadDirectory } from "../upload.ts";
import { showRows } from "./query.ts";
import { loadEngine, progressOf, runAndShow } from "./run.ts";
import { showResult } from "./sql.ts";

const RUN_ID = "demo";
const ROWS_SHOWN = 5;

/** Packed with the command, or where the repository has it. */
const SAMPLES = [
  new URL("../../sample-data/", import.meta.url),
  new URL("../../../../examples/music-streaming/data/", import.meta.url),
];

export function addDemo(program: Command, invoke: Invoke): void {
  program
    .command("demo")
    .summary("a real day of streaming, from raw files to KPIs")
    .description(
      "On a fresh state: puts the sample data into the inbox, makes one run, shows the KPIs from DynamoDB. A state that holds runs of your own is left alone.",
    )
    .addHelpText("after", examples("topline demo", "topline demo --state /tmp/demo"))
    .action(async (_options: object, command: Command) => {
      const invocation = invoke(command);
      const { output } = invocation;
      const why =
        "The demo begins by emptying bucket and tables, so it leaves the external backend alone. Use the embedded one, or `topline run --data` with files of your own.";
      loadEngine();
      await using deployment = await harnessOf(invocation, { command: "topline demo", why });
      await freshen(deployment, invocation);
      await uploadDirectory(deployment.context.store, sampleDirectory());
      const report = await runAndShow(
        invocation,
        deployment,
        { runId: RUN_ID },
        progressOf(invocation),
      );
      invocation.setExitCode(exitCodeOfRun(report.status));
      const date = report.dates[0]?.date;
      if (output.isJson || date === undefined) return;
      await showKpis(invocation, deployment, date);
    });
}

/** @throws {ToplineError} `USAGE` when the state is in use for something else */
async function freshen(deployment: Deployment, { options, terminal }: Invocation): Promise<void> {
  const { ledger, store } = deployment.context;
  const foreign = async () => {
    for await (const { run_id } of ledger.list()) if (run_id !== RUN_ID) return `run ${run_id}`;
    if ((await ledger.get(RUN_ID)) !== undefined) return undefined;
    for await (const { key } of store.list("")) return `object ${key}`;
    return undefined;
  };
  const found = await foreign();
  if (found !== undefined) {
    throw new ToplineError(
      "USAGE",
      `The demo needs a state of its own, and ${stateDirectory(options, terminal)} holds ${found}. Name another directory with --state, or remove that one.`,
    );
  }
  await deployment.reset();
}

function sampleDirectory(): string {
  for (const url of SAMPLES) if (existsSync(url)) return fileURLToPath(url);
  throw new ToplineError("INTERNAL", "The sample data is missing from this installation.");
}

async function showKpis(
  invocation: Invocation,
  deployment: Deployment,
  date: string,
): Promise<void> {
  const { output, options, terminal } = invocation;
  const { kpis, plan } = deployment.context;
  for (const table of plan.tables) {
    const rows = await kpis.read(table, date);
    const shown = mostPlayed(table, rows);
    await output.heading(`${table.name} on ${date} (${shown.length} of ${rows.length} rows)`);
    await showRows(output, table, shown);
  }

  for (const statement of [overAllGenres(date), brief(date)]) {
    await output.heading(statement);
    await showResult(output, await query(deployment, statement));
  }

  const topline = commandPrefix(terminal, options);
  await output.heading("Where to look next");
  await output.line(`${topline} query top-songs --date ${date} --genre children`);
  await output.line(`${topline} sql 'SELECT genre, listen_count FROM GENRE_KPIS ORDER BY 2 DESC'`);
  await output.line(`${topline} runs ${RUN_ID}`);
  await output.line(`${topline} up                       S3 and DynamoDB for your own clients`);
}

/** The query of those for whom the KPIs are made, as they word it. */
const brief = (date: string) =>
  `SELECT * FROM "TOP_GENRES" WHERE "date" = '${date}' ORDER BY "listen_count" DESC LIMIT 5;`;

const overAllGenres = (date: string) =>
  `SELECT COUNT(*) AS genres, SUM(unique_listeners) AS unique_listeners, SUM(total_listening_time_ms) AS total_listening_time_ms FROM "GENRE_KPIS" WHERE "date" = '${date}';`;

async function query({ context }: Deployment, statement: string): Promise<SqlResult> {
  const { runSql } = await import("../sql/index.ts");
  const tables = context.plan.tables.map((spec) => ({ spec, rows: context.kpis.scan(spec) }));
  return runSql(statement, tables);
}

/** The first lists of a table are alphabetical; a newcomer wants to see the large figures. */
function mostPlayed(table: TableSpec, rows: readonly KpiRow[]): readonly KpiRow[] {
  if (table.orderBy[0] === "rank") return rows.slice(0, ROWS_SHOWN);
  const byCount = [...rows].sort((a, b) => {
    const difference = BigInt(b["listen_count"] ?? 0) - BigInt(a["listen_count"] ?? 0);
    return difference === 0n ? compareRows(table)(a, b) : difference > 0n ? 1 : -1;
  });
  return byCount.slice(0, ROWS_SHOWN);
}

/** How this very command was called, so that the lines below can be copied. */
function commandPrefix(terminal: Terminal, options: GlobalOptions): string {
  const name =
    terminal.env["npm_lifecycle_event"] === undefined ? "topline" : "npx -y pnpm@12 -s topline";
  const path = stateDirectory(options, terminal);
  const local = relative(terminal.cwd, path);
  const state = local.startsWith("..") ? path : local;
  return state === ".topline" ? name : `${name} --state ${state}`;
}
