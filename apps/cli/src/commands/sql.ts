import type { Command } from "commander";
import { deploymentOf, examples, type Invoke } from "../command.ts";
import type { Column, Output } from "../output.ts";
import type { SqlResult } from "../sql/index.ts";

const BRIEF = `topline sql 'SELECT * FROM "TOP_GENRES" WHERE "date" = '"'2024-06-25'"' ORDER BY "listen_count" DESC LIMIT 5;'`;

export function addSql(program: Command, invoke: Invoke): void {
  program
    .command("sql")
    .summary("any SELECT over the KPI tables")
    .description(
      "Runs one SELECT over GENRE_KPIS, TOP_SONGS, TOP_GENRES and custom tables, by DuckDB over their items. It reads these tables and nothing else.",
    )
    .argument("<statement>", "the SELECT")
    .addHelpText("after", examples(BRIEF))
    .action(async (statement: string, _options: object, command: Command) => {
      const invocation = invoke(command);
      const { output } = invocation;
      await using deployment = await deploymentOf(invocation, { command: "topline sql" });
      const { kpis, plan, signal } = deployment.context;
      const tables = plan.tables.map((spec) => ({ spec, rows: kpis.scan(spec) }));
      const { runSql } = await import("../sql/index.ts");
      const result = await runSql(statement, tables, signal === undefined ? {} : { signal });
      if (output.isJson) return output.json(result.rows);
      return showResult(output, result);
    });
}

export async function showResult(output: Output, { columns, rows }: SqlResult): Promise<void> {
  const aligned = columns.map(({ name, type }): Column => ({
    name,
    align: isNumeric(type) ? "right" : "left",
  }));
  await output.table(aligned, rows);
}

const isNumeric = (type: string) =>
  /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL|DOUBLE|FLOAT)/.test(type);
