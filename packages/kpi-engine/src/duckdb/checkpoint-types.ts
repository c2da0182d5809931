import { identifier } from "./quoting.ts";

/** What types the columns of a checkpoint have (Delta's PROTOCOL.md, "Checkpoint Schema"), in DuckDB's words. */

type Fields = Readonly<Record<string, unknown>>;
type Row = Readonly<Record<string, Fields>>;

const TEXTS = "MAP(VARCHAR, VARCHAR)";

const NAMED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  txn: { appId: "VARCHAR", version: "BIGINT", lastUpdated: "BIGINT" },
  add: {
    path: "VARCHAR",
    partitionValues: TEXTS,
    size: "BIGINT",
    modificationTime: "BIGINT",
    dataChange: "BOOLEAN",
    tags: TEXTS,
    stats: "VARCHAR",
  },
  remove: {
    path: "VARCHAR",
    deletionTimestamp: "BIGINT",
    dataChange: "BOOLEAN",
    extendedFileMetadata: "BOOLEAN",
    partitionValues: TEXTS,
    size: "BIGINT",
    tags: TEXTS,
    stats: "VARCHAR",
  },
  metaData: {
    id: "VARCHAR",
    name: "VARCHAR",
    description: "VARCHAR",
    format: `STRUCT(provider VARCHAR, options ${TEXTS})`,
    schemaString: "VARCHAR",
    partitionColumns: "VARCHAR[]",
    configuration: TEXTS,
    createdTime: "BIGINT",
  },
  protocol: { minReaderVersion: "INTEGER", minWriterVersion: "INTEGER" },
};

/** By column: a STRUCT of the fields that the protocol names, and of those beyond that some row has. */
export function structTypes(rows: readonly Row[]): Map<string, string> {
  const types = new Map<string, string>();
  for (const [column, named] of Object.entries(NAMED)) {
    const fields = rows.map((row) => row[column]).filter((found) => found !== undefined);
    types.set(column, structOf(fields, named));
  }
  return types;
}

function structOf(values: readonly Fields[], named: Readonly<Record<string, string>> = {}): string {
  const types = new Map(Object.entries(named));
  const names = new Set(values.flatMap((fields) => Object.keys(fields)));
  for (const name of names) {
    if (types.has(name)) continue;
    const type = typeOf(values.map((fields) => fields[name]));
    if (type !== undefined) types.set(name, type);
  }
  return `STRUCT(${[...types].map(([name, type]) => `${identifier(name)} ${type}`).join(", ")})`;
}

/** The type of what is there; `undefined` where nothing is. What has no one type is kept as its JSON. */
function typeOf(all: readonly unknown[]): string | undefined {
  const values = all.filter((value) => value !== null && value !== undefined);
  if (values.length === 0) return undefined;
  const are = (test: (value: unknown) => boolean) => values.every(test);
  if (are((value) => typeof value === "boolean")) return "BOOLEAN";
  if (are(Number.isSafeInteger)) return "BIGINT";
  if (are((value) => typeof value === "number")) return "DOUBLE";
  if (are(Array.isArray)) {
    const element = typeOf((values as unknown[][]).flat());
    return element === undefined ? undefined : `${element}[]`;
  }
  const isObject = (value: unknown) => typeof value === "object" && !Array.isArray(value);
  if (are(isObject) && are((value) => Object.keys(value as Fields).length > 0)) {
    return structOf(values as Fields[]);
  }
  return "VARCHAR";
}
