import { deepStrictEqual } from "node:assert";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Dataset, Head } from "@topline/core";
import {
  CONTRACTS,
  compileDataset,
  judge,
  MAX_LINE_BYTES,
  type ReadFile,
  readRecords,
} from "@topline/validators";
import { DuckDBBlobValue, DuckDBInstance, DuckDBTimestampValue } from "@duckdb/node-api";
import { BRIDGE_MACROS } from "../../src/duckdb/bridge.ts";
import { LineCleaner, textAsRead } from "../../src/duckdb/lines.ts";
import { LineSurvey } from "../../src/duckdb/survey.ts";
import { recordsQuery } from "../../src/relations.ts";

/** One record and what became of it, as either judge tells it. */
export interface Judged {
  /** Counted from 1 over the lines of its file that are not empty. */
  readonly n: number;
  readonly isHeader: boolean;
  readonly reason: string | null;
  /** Of a rejected record. */
  readonly text: string | null;
  /** In contract order; all `null` when rejected. */
  readonly row: readonly unknown[];
}

export interface HeadedFile {
  readonly bytes: Uint8Array;
  readonly head: Head;
}

/** What the plain reader and zod make of a file, the header among its records. */
export function judgedPlainly(dataset: Dataset, { bytes }: HeadedFile): Judged[] {
  const { header, records }: ReadFile = readRecords(dataset, bytes);
  if (header?.fields === undefined) throw new Error("the file has no header");
  const names = header.fields;
  const columns = CONTRACTS[dataset].columns.map((column) => column.name);
  return [header, ...records].map(({ n, text, fields }) => {
    const byName = Object.fromEntries(names.map((name, i) => [name, fields?.[i] ?? ""]));
    const verdict =
      fields === undefined ? { ok: false as const, reason: "malformed" } : judge(dataset, byName);
    return {
      n,
      isHeader: text === header.text,
      reason: verdict.ok ? null : verdict.reason,
      text: verdict.ok ? null : brief(text),
      row: columns.map((name) => (verdict.ok ? (verdict.row[name] ?? null) : null)),
    };
  });
}

/** The compiled SQL on DuckDB, over lines that are read the way the engine reads them. */
export class CompiledDialect implements AsyncDisposable {
  readonly #connection;
  readonly #directory;

  private constructor(
    connection: Awaited<ReturnType<DuckDBInstance["connect"]>>,
    directory: string,
  ) {
    this.#connection = connection;
    this.#directory = directory;
  }

  static async open(): Promise<CompiledDialect> {
    const instance = await DuckDBInstance.create(":memory:", { threads: "2" });
    const connection = await instance.connect();
    for (const macro of BRIDGE_MACROS) await connection.run(macro);
    return new CompiledDialect(connection, await mkdtemp(join(tmpdir(), "topline-dialect-")));
  }

  /** Judges all files in one query, each as a source of its own. */
  async judged(dataset: Dataset, files: readonly HeadedFile[]): Promise<Judged[][]> {
    const connection = this.#connection;
    const columns = CONTRACTS[dataset].columns.map((column) => column.name);
    await connection.run("CREATE OR REPLACE TABLE raw (source VARCHAR, line VARCHAR)");
    await connection.run(
      `CREATE OR REPLACE TABLE heads (source VARCHAR, header VARCHAR, width INT, is_plain BOOLEAN, ${columns.map((name) => `p_${name} INT`).join(", ")})`,
    );
    for (const [i, { bytes, head }] of files.entries()) {
      const path = join(this.#directory, "lines.txt");
      const lines = cleaned(bytes);
      const survey = new LineSurvey();
      survey.take(lines);
      await writeFile(path, lines);
      await connection.run(
        `INSERT INTO raw SELECT '${i}', line FROM read_csv('${path}', columns = {'line': 'VARCHAR'}, header = false, auto_detect = false, delim = '\x02\x02\x02', quote = '', escape = '', strict_mode = false, new_line = '\\n', max_line_size = 2097152, parallel = false) WHERE line <> ''`,
      );
      const positions = columns.map((name) => (head.positions[name] ?? Number.NaN) + 1);
      await connection.run(
        `INSERT INTO heads VALUES ($1, $2, ${head.width}, $3, ${positions.join()})`,
        [String(i), head.record, survey.isPlain],
      );
    }
    await connection.run(
      "CREATE OR REPLACE VIEW lines AS SELECT source, rowid - MIN(rowid) OVER (PARTITION BY source) + 1 AS n, line FROM raw",
    );
    const judged = await this.#rows(dataset, files.length);
    // An engine that has not looked comes to the same.
    await connection.run("UPDATE heads SET is_plain = false");
    deepStrictEqual(await this.#rows(dataset, files.length), judged);
    return judged;
  }

  async #rows(dataset: Dataset, files: number): Promise<Judged[][]> {
    const columns = CONTRACTS[dataset].columns.map((column) => column.name);
    const texts = new Set(["line"]);
    for (const { name, type } of CONTRACTS[dataset].columns) if (type === "string") texts.add(name);
    const result = await this.#connection.runAndReadAll(
      `SELECT source, n, is_header, reason, ${["line", ...columns].map((name) => (texts.has(name) ? unaltered(name) : name)).join(", ")} FROM (${recordsQuery(compileDataset(CONTRACTS[dataset]))}) ORDER BY CAST(source AS INT), n`,
    );
    const judged: Judged[][] = Array.from({ length: files }, () => []);
    for (const row of result.getRowObjects()) {
      judged[Number(row["source"])]?.push({
        n: Number(row["n"]),
        isHeader: row["is_header"] === true,
        reason: row["reason"] as string | null,
        text: row["line"] === null ? null : brief(textAsRead(plain(row["line"]) as string)),
        row: columns.map((name) => plain(row[name])),
      });
    }
    return judged;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.closeSync();
    await rm(this.#directory, { recursive: true });
  }
}

/**
 * Long texts by their beginning and a digest: a difference between megabytes cannot be shown in any time.
 * Of lines that are too long only the beginning is kept, by either reader.
 */
function brief(text: string): string {
  if (text.length <= 2_000) return text;
  const beginning = text.slice(0, 200);
  const isCut = text.includes("… (cut here: the line has ");
  if (isCut || Buffer.byteLength(text) > MAX_LINE_BYTES) return `${beginning}…`;
  return `${beginning}… ${createHash("sha256").update(text).digest("hex")}`;
}

function cleaned(bytes: Uint8Array): Uint8Array {
  const cleaner = new LineCleaner();
  const parts = [Uint8Array.of(0x0a), ...cleaner.push(bytes), ...cleaner.end()];
  return Buffer.concat(parts);
}

/** The client takes a byte-order mark off the front of any text that it hands over. */
const unaltered = (name: string) => `system.main.encode(${name}) AS ${name}`;

function plain(value: unknown): unknown {
  if (value instanceof DuckDBTimestampValue) return value.micros;
  return value instanceof DuckDBBlobValue ? utf8.decode(value.bytes) : value;
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
