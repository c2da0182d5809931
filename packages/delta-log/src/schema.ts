import { createHash } from "node:crypto";
import { type Dataset, ToplineError, ZONE_TABLES, zoneFolder } from "@topline/core";
import { z } from "zod";

/** What a Delta log says of a table's columns. Core's column types bear Delta's own names. */

interface DeltaField {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** The columns of the data files, then the partition columns, which the files do not hold. */
function deltaFields(table: Dataset): DeltaField[] {
  const { columns, partitionBy } = ZONE_TABLES[table];
  return [
    ...columns.map(({ name, type, nullable }) => ({ name, type, nullable, metadata: {} })),
    ...partitionBy.map(({ name, type }) => ({ name, type, nullable: true, metadata: {} })),
  ];
}

export const schemaString = (table: Dataset): string =>
  JSON.stringify({ type: "struct", fields: deltaFields(table) });

export const partitionColumns = (table: Dataset): string[] =>
  ZONE_TABLES[table].partitionBy.map(({ name }) => name);

/**
 * The table's GUID, the same wherever and whenever it is made: a UUID of version 8 (RFC 9562), that is SHA-256
 * over name and folder. It tells the tables of one zone apart, not one zone from another.
 */
export function tableId(table: Dataset): string {
  const hash = createHash("sha256")
    .update(`topline\n${table}\n${zoneFolder(table)}`)
    .digest("hex");
  const variant = ((Number.parseInt(hash.slice(16, 17), 16) & 0b0011) | 0b1000).toString(16);
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `8${hash.slice(13, 16)}`,
    `${variant}${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ].join("-");
}

const structSchema = z.object({
  type: z.literal("struct"),
  fields: z.array(
    z.object({
      name: z.string(),
      type: z.unknown(),
      nullable: z.boolean(),
      metadata: z.record(z.string(), z.unknown()).nullish(),
    }),
  ),
});

export interface TableMetadata {
  readonly schemaString: string;
  readonly partitionColumns: readonly string[];
  readonly configuration: Readonly<Record<string, string>>;
}

/**
 * Rows of this design fit the table as its log describes it; columns that others added are theirs.
 * @throws {ToplineError} `STATE_CORRUPT`
 */
export function assertTakesRows(table: Dataset, metadata: TableMetadata): void {
  const found = structSchema.safeParse(parseJson(metadata.schemaString));
  if (!found.success) throw unfit(table, "its schemaString is not a Delta schema");
  const fields = new Map(found.data.fields.map((field) => [field.name, field]));
  for (const { name, type } of deltaFields(table)) {
    const there = fields.get(name)?.type;
    if (there === type) continue;
    const what = there === undefined ? "is missing" : `is of type ${JSON.stringify(there)}`;
    throw unfit(table, `column ${name} must be of type ${type} and ${what}`);
  }
  const expected = partitionColumns(table).join(", ");
  const partitions = metadata.partitionColumns.join(", ");
  if (partitions !== expected) {
    throw unfit(table, `it is partitioned by (${partitions}), not by (${expected})`);
  }
  for (const field of found.data.fields) {
    if (field.metadata?.["delta.invariants"] === undefined) continue;
    throw unfit(table, `column ${field.name} has an invariant, which this writer cannot check`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unfit(table: Dataset, what: string): ToplineError {
  return new ToplineError(
    "STATE_CORRUPT",
    `The Delta table in ${zoneFolder(table)} cannot take Topline's rows: ${what}. Nothing was committed; move that table out of the folder, or undo what changed it.`,
  );
}
