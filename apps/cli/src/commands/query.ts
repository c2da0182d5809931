import { type KpiRow, type TableSpec, ToplineError } from "@topline/core";
import type { Command } from "commander";
import { deploymentOf, examples, type Invoke } from "../command.ts";
import type { Deployment } from "../deployment.ts";
import type { Column, Output } from "../output.ts";
import { calendarDate } from "../settings.ts";

interface Options {
  readonly date: string;
  readonly genre?: string;
}

export function addQuery(program: Command, invoke: Invoke): void {
  program
    .command("query")
    .summary("the rows of a KPI table for a date")
    .description(
      "Prints the rows of genre-kpis (by genre), top-songs (by genre and rank), top-genres (by rank), or of a table of the configuration's own.",
    )
    .argument("<table>", "genre-kpis, top-songs, top-genres, or a custom table")
    .requiredOption("--date <date>", "YYYY-MM-DD, UTC")
    .option("--genre <genre>", "only this genre")
    .addHelpText(
      "after",
      examples(
        "topline query top-genres --date 2024-06-25",
        "topline query top-songs --date 2024-06-25 --genre jazz --json",
      ),
    )
    .action(async (name: string, options: Options, command: Command) => {
      const invocation = invoke(command);
      const { output } = invocation;
      const date = calendarDate(options.date);
      await using deployment = await deploymentOf(invocation, { command: "topline query" });
      const table = tableNamed(deployment, name);
      const rows = await rowsOf(deployment, table, date, options.genre);
      if (output.isJson) return output.json(rows);
      if (rows.length > 0) return showRows(output, table, rows);
      const published = await publishedDates(deployment, table);
      invocation.terminal.stderr.write(`No rows for ${date}. ${published}\n`);
    });
}

/** @throws {ToplineError} `USAGE` */
function tableNamed({ context }: Deployment, name: string): TableSpec {
  const { tables } = context.plan;
  const commandName = (table: TableSpec) => table.name.toLowerCase().replaceAll("_", "-");
  const found = tables.find((table) => commandName(table) === name || table.name === name);
  if (found !== undefined) return found;
  throw new ToplineError(
    "USAGE",
    `There is no table ${JSON.stringify(name)}; there are ${tables.map(commandName).join(", ")}.`,
  );
}

async function rowsOf(
  { context }: Deployment,
  table: TableSpec,
  date: string,
  genre: string | undefined,
): Promise<readonly KpiRow[]> {
  const rows = await context.kpis.read(table, date);
  if (genre === undefined) return rows;
  if (!table.columns.some((column) => column.name === "genre")) {
    throw new ToplineError("USAGE", `${table.name} has no genre to choose by.`);
  }
  return rows.filter((row) => row["genre"] === genre);
}

export async function showRows(
  output: Output,
  table: TableSpec,
  rows: readonly KpiRow[],
): Promise<void> {
  const columns = table.columns.map(({ name, type }): Column => ({
    name,
    align: type === "string" ? "left" : "right",
  }));
  await output.table(columns, rows);
}

async function publishedDates({ context }: Deployment, table: TableSpec): Promise<string> {
  const dates: string[] = [];
  for await (const date of context.kpis.dates(table)) dates.push(date);
  if (dates.length === 0) return `${table.name} is empty: \`topline run\` fills it.`;
  dates.sort();
  return `${table.name} has ${dates.length} dates, from ${dates[0]} to ${dates.at(-1)}.`;
}
