import {
  type AuditViolation,
  type Computation,
  type DataFile,
  type DateFigures,
  type Plan,
  ToplineError,
  type ZoneFiles,
} from "@topline/core";
import { INPUT_RELATIONS } from "../plan.ts";
import { lineage, namesRead, type Relation } from "../relations.ts";
import { allOrCause } from "./batch.ts";
import { checkKeys, checkShape, columnsOf, shapes } from "./relation-shape.ts";
import type { Database } from "./database.ts";
import { identifier, literal } from "./quoting.ts";
import { own, type Workspace } from "./workspace.ts";
import { emptyRows, type ZoneFilesHere } from "./zone-files.ts";

/** Rows of `streams` that are computed at a time, unless one date alone has more. */
const BATCH_ROWS = 5_000_000n;

/** A date of so many rows is computed alone: where all rows have one date, grouping by it costs nothing. */
const LARGE_DATE_ROWS = 1_000_000n;

/** Rows that one thread computes in less time than several lose by waiting for each other. */
const ONE_THREAD_ROWS = 300_000n;

/** Violations of one audit that are told of one batch: the first says what is wrong, thousands say no more. */
const TOLD = 20;

const resultOf = (relation: string) => own(`result_${relation}`);

/** Where the rows of a relation lie: its name is a view of them. */
const rowsOf = (relation: string) => own(`relation_${relation}`);

/**
 * Runs the plan over no rows, so that what is wrong with a relation shows before anything is read.
 * @throws {ToplineError} `RELATION_INVALID`
 */
export async function bindRelations({ db, plan }: Workspace): Promise<void> {
  for (const table of ["songs", "users", "streams"] as const) {
    await db.run("its tables", `CREATE VIEW ${table}_rows AS ${emptyRows(table)}`);
  }
  const published = new Set(plan.tables.map(({ relation }) => relation));
  for (const relation of plan.relations) {
    const { name } = relation;
    await runnable(name, materialise({ db }, relation));
    if (!published.has(name)) continue;
    const columns = await columnsOf(db, name, identifier(name));
    for (const shape of shapes(plan, name)) checkShape(name, shape, columns);
    await db.run(`relation ${name}`, `CREATE TABLE ${resultOf(name)} AS FROM ${identifier(name)}`);
  }
  for (const { name, sql } of [...plan.audits, plan.figures]) {
    const columns = await runnable(name, columnsOf(db, name, `(\n${sql}\n)`));
    for (const shape of shapes(plan, name)) checkShape(name, shape, columns);
  }
  for (const { name, relation } of plan.tables) {
    if (plan.relations.some((one) => one.name === relation)) continue;
    throw new ToplineError(
      "RELATION_INVALID",
      `Table ${name} publishes relation ${relation}, which the plan does not have.`,
    );
  }
}

async function runnable<T>(relation: string, run: Promise<T>): Promise<T> {
  try {
    return await run;
  } catch (error) {
    if (!ToplineError.is(error, "ENGINE_FAILED")) throw error;
    throw new ToplineError(
      "RELATION_INVALID",
      `The SQL of relation ${relation} does not run: ${error.message}`,
      { cause: error },
    );
  }
}

export async function computeDates(
  work: Workspace,
  here: ZoneFilesHere,
  zone: ZoneFiles,
  dates: readonly string[],
): Promise<Computation> {
  const { db, plan } = work;
  await using songs = await here.fetch("songs", zone.songs);
  await using users = await here.fetch("users", zone.users);
  await here.expose("songs", songs.paths);
  await here.expose("users", users.paths);
  const { perDate, timeless } = divided(plan);
  await materialiseAll(work, timeless);
  for (const { relation } of plan.tables) {
    await db.run(`relation ${relation}`, `DELETE FROM ${resultOf(relation)}`);
  }
  const figures = new Map<string, DateFigures>();
  const violations: AuditViolation[] = [];
  for (const batch of batches(zone.streams, dates)) {
    await useThreadsFor(work, batch);
    work.logger.debug("computing", { dates: batch.dates.length, rows: String(batch.rows) });
    await using streams = await here.fetch("streams", batch.files);
    await here.expose("streams", streams.paths);
    // Where there are many rows they are of one date.
    await materialiseAll(work, perDate, batch.rows >= LARGE_DATE_ROWS ? batch.dates[0] : undefined);
    const counting = figuresOf(work);
    const auditing = violationsOf(work);
    await allOrCause<unknown>([counting, auditing]);
    for (const row of await counting) figures.set(row.date, row);
    violations.push(...(await auditing));
    for (const relation of new Set(plan.tables.map((table) => table.relation))) {
      await db.run(
        `relation ${relation}`,
        `INSERT INTO ${resultOf(relation)} BY NAME FROM ${identifier(relation)}`,
      );
    }
    // A table is replaced only when the next is whole: two batches would need memory at a time.
    for (const { name } of perDate) {
      await db.run(`relation ${name}`, `DROP TABLE ${rowsOf(name)}`);
    }
  }
  for (const table of plan.tables) await checkKeys(db, resultOf(table.relation), table);
  return { figures: dates.map((date) => figures.get(date) ?? none(date)), violations };
}

/**
 * Makes what a relation yields, its inputs being as they are now, known by its name.
 * @param date of all rows that are computed, if there is but one: whoever groups them by it again then meets a
 * constant, not a text to hash for every row
 */
export async function materialise(
  { db }: Pick<Workspace, "db">,
  { name, sql }: Relation,
  date?: string,
): Promise<void> {
  const what = `relation ${name}`;
  await db.run(what, `CREATE OR REPLACE TABLE ${rowsOf(name)} AS\n${sql}`);
  const isOfDate = date !== undefined && (await allOf(db, name, date));
  const columns = isOfDate ? `* REPLACE (${literal(date)} AS "date")` : "*";
  const view = `CREATE OR REPLACE VIEW ${identifier(name)} AS SELECT ${columns} FROM ${rowsOf(name)}`;
  await db.run(what, view);
}

/** Whether a relation has a date, and every row this one: a relation of one's own may mean another by the word. */
async function allOf(db: Database, relation: string, date: string): Promise<boolean> {
  const rows = rowsOf(relation);
  if ((await columnsOf(db, relation, rows)).get("date") !== "VARCHAR") return false;
  const [others] = await db.rows(
    `relation ${relation}`,
    `SELECT COUNT(*) AS rows FROM ${rows} WHERE "date" IS DISTINCT FROM $1`,
    [date],
  );
  return others?.["rows"] === 0n;
}

/** Each once those that it reads are there; side by side where `beside` has room. */
async function materialiseAll(
  work: Workspace,
  relations: readonly Relation[],
  date?: string,
): Promise<void> {
  const done = new Map<string, Promise<void>>();
  for (const relation of relations) {
    const read = namesRead(relation.sql, [...done.keys()]);
    const inputs = Promise.all(read.flatMap((name) => done.get(name) ?? []));
    const made = inputs.then(() => work.beside((db) => materialise({ db }, relation, date)));
    done.set(relation.name, made);
  }
  await allOrCause([...done.values()]);
}

/** Relations that no batch of dates changes, and the others; both in the plan's order. */
export function divided(plan: Plan): { timeless: Relation[]; perDate: Relation[] } {
  const read = lineage(plan.relations, INPUT_RELATIONS);
  const isPerDate = ({ name }: Relation) => read.get(name)?.has("streams_rows") ?? false;
  return {
    timeless: plan.relations.filter((relation) => !isPerDate(relation)),
    perDate: plan.relations.filter(isPerDate),
  };
}

interface DateBatch {
  readonly dates: readonly string[];
  readonly files: readonly DataFile[];
  readonly rows: bigint;
}

/** Whole dates that have files: a large one alone, of others `BATCH_ROWS` rows at a time. */
export function* batches(
  files: readonly DataFile[],
  dates: readonly string[],
): Generator<DateBatch> {
  const byDate = Map.groupBy(files, ({ partition }) => partition["date"] ?? "");
  let batch = { dates: [] as string[], files: [] as DataFile[], rows: 0n };
  for (const date of dates) {
    const ofDate = byDate.get(date) ?? [];
    const rows = ofDate.reduce((sum, { records }) => sum + records, 0n);
    if (rows === 0n) continue;
    if (rows >= LARGE_DATE_ROWS) {
      yield { dates: [date], files: ofDate, rows };
      continue;
    }
    if (batch.rows > 0n && batch.rows + rows > BATCH_ROWS) {
      yield batch;
      batch = { dates: [], files: [], rows: 0n };
    }
    batch.dates.push(date);
    batch.files.push(...ofDate);
    batch.rows += rows;
  }
  if (batch.rows > 0n) yield batch;
}

export async function useThreadsFor(
  { db }: Workspace,
  { rows }: Pick<DateBatch, "rows">,
): Promise<void> {
  if (rows > ONE_THREAD_ROWS) await db.useAllThreads();
}

const none = (date: string): DateFigures => ({
  date,
  listens: 0n,
  duplicates: 0n,
  unknown_tracks: 0n,
  unknown_users: 0n,
});

async function figuresOf(work: Workspace): Promise<DateFigures[]> {
  const { name, sql } = work.plan.figures;
  const columns = ["listens", "duplicates", "unknown_tracks", "unknown_users"];
  const casts = columns.map((column) => `CAST(${column} AS BIGINT) AS ${column}`);
  const query = `SELECT date, ${casts.join(", ")} FROM (\n${sql}\n)`;
  const rows = await work.beside((db) => db.rows(`relation ${name}`, query));
  return rows as unknown as DateFigures[];
}

async function violationsOf(work: Workspace): Promise<AuditViolation[]> {
  const audits = work.plan.audits.map(async ({ name, sql }) => {
    const query = `SELECT CAST(audit AS VARCHAR) AS audit, CAST(date AS VARCHAR) AS date, CAST(detail AS VARCHAR) AS detail
       FROM (\n${sql}\n) ORDER BY ALL LIMIT ${TOLD}`;
    return work.beside((db) => db.rows(`relation ${name}`, query));
  });
  return (await allOrCause(audits)).flat() as unknown as AuditViolation[];
}

/** Where the rows of a published relation lie after `computeDates`. */
export const computedRows = resultOf;
