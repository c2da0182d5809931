import {
  type ColumnType,
  type Dataset,
  DATASET_COLUMNS,
  ToplineError,
  type ZoneColumn,
} from "@topline/core";
import { z } from "zod";
import { type ColumnRule, columnRule } from "./columns.ts";

/** What a record of a dataset must hold: a zod schema, and what engines need to know of it. */
export interface Contract {
  readonly dataset: Dataset;
  /** From raw text by column to values; the first issue, in contract order, is the reason. */
  readonly schema: z.ZodObject;
  /** In contract order, as they lie in the zone. */
  readonly columns: readonly ZoneColumn[];
  readonly rules: Readonly<Record<string, ColumnRule>>;
}

const columnTypes: Readonly<Record<ColumnRule["kind"], ColumnType>> = {
  text: "string",
  integer: "integer",
  timestamp: "timestamp",
  date: "string",
};

/**
 * Makes a contract of a zod object whose columns are built with `text`, `integer`, `timestamp`, `date`.
 * It may be stricter or laxer in values than Topline's own, not other in its columns: they are the zone's.
 * @throws {ToplineError} `CONFIG_INVALID` when a rule has no SQL, or the zone table could not hold the rows
 */
export function defineContract(dataset: Dataset, schema: z.ZodObject): Contract {
  if ((schema.def.checks ?? []).length > 0) {
    throw invalid(dataset, "has a check over the whole record, which has no SQL; check columns");
  }
  const zone = DATASET_COLUMNS[dataset];
  const found = Object.keys(schema.shape);
  const expected = zone.map((column) => column.name);
  if (found.join() !== expected.join()) {
    throw invalid(dataset, `has the columns ${found.join(", ")}; expected ${expected.join(", ")}`);
  }

  const rules: Record<string, ColumnRule> = {};
  const columns = zone.map(({ name, type, nullable }) => {
    const rule = readRule(dataset, name, schema.shape[name]);
    if (columnTypes[rule.kind] !== type) {
      throw invalid(dataset, `has ${name} as ${rule.kind}; the zone keeps it as ${type}`);
    }
    if (rule.optional && !nullable) {
      throw invalid(dataset, `has ${name} as optional; the zone needs it in every row`);
    }
    rules[name] = rule;
    return { name, type, nullable: rule.optional };
  });
  return { dataset, schema: z.object(schema.shape), columns, rules };
}

function readRule(dataset: Dataset, name: string, schema: z.core.$ZodType | undefined): ColumnRule {
  const rule = schema === undefined ? undefined : columnRule(schema);
  if (rule === undefined) {
    throw invalid(
      dataset,
      `has ${name} as a schema without SQL; expected exactly what text(), integer(), timestamp() or date() return, without further zod calls on it`,
    );
  }
  const { min, max } = bounds(rule);
  if (Number.isSafeInteger(min) && Number.isSafeInteger(max) && min >= 0 && min <= max) {
    if (max <= 2_147_483_647) return rule;
  }
  throw invalid(
    dataset,
    `has ${name} with the limits ${min} to ${max}; expected whole numbers from 0 to 2147483647`,
  );
}

function bounds(rule: ColumnRule): { min: number; max: number } {
  if (rule.kind === "integer") return rule;
  return { min: 0, max: rule.kind === "text" ? rule.maxCodePoints : 0 };
}

const invalid = (dataset: Dataset, what: string) =>
  new ToplineError("CONFIG_INVALID", `The contract of ${dataset} ${what}.`);
