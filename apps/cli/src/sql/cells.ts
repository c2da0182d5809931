import {
  DuckDBArrayType,
  DuckDBArrayValue,
  DuckDBDecimalValue,
  DuckDBListType,
  DuckDBListValue,
  DuckDBMapType,
  DuckDBMapValue,
  DuckDBStructType,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  DuckDBTypeId,
  DuckDBUnionType,
  DuckDBUnionValue,
  type DuckDBValue,
  DuckDBVariantValue,
} from "@duckdb/node-api";

/**
 * A value as the command line prints it. Integers are `bigint`, also decimals without a fraction; other decimals are
 * exact text; doubles are numbers, or text where JSON has none (`NaN`, `Infinity`); dates and times are ISO 8601 text;
 * a map is a list of `{ key, value }`; what JSON does not know (blobs, intervals, …) is DuckDB's own text.
 */
export type Cell = null | boolean | number | bigint | string | Cell[] | { [name: string]: Cell };

const INTEGERS: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.UHUGEINT,
  DuckDBTypeId.BIGNUM,
]);

export function toCell(value: DuckDBValue, type: DuckDBType): Cell {
  if (value === null) return null;
  if (typeof value === "boolean" || typeof value === "string" || typeof value === "bigint") {
    return value;
  }
  if (typeof value === "number") {
    if (INTEGERS.has(type.typeId)) return BigInt(value);
    return Number.isFinite(value) ? value : String(value);
  }
  if (value instanceof DuckDBDecimalValue) return value.scale === 0 ? value.value : String(value);
  if (value instanceof DuckDBTimestampTZValue) {
    const utc = new DuckDBTimestampValue(value.micros);
    return utc.isFinite ? `${isoTimestamp(utc)}Z` : String(utc);
  }
  if (isTimestamp(value)) return isoTimestamp(value);
  return nested(value, type) ?? String(value);
}

function nested(value: DuckDBValue, type: DuckDBType): Cell | undefined {
  if (value instanceof DuckDBListValue && type instanceof DuckDBListType) {
    return value.items.map((item) => toCell(item, type.valueType));
  }
  if (value instanceof DuckDBArrayValue && type instanceof DuckDBArrayType) {
    return value.items.map((item) => toCell(item, type.valueType));
  }
  if (value instanceof DuckDBStructValue && type instanceof DuckDBStructType) {
    return Object.fromEntries(
      type.entryNames.map((name, i) => [
        name,
        toCell(value.entries[name] ?? null, type.entryTypes[i] as DuckDBType),
      ]),
    );
  }
  if (value instanceof DuckDBMapValue && type instanceof DuckDBMapType) {
    return value.entries.map((entry) => ({
      key: toCell(entry.key, type.keyType),
      value: toCell(entry.value, type.valueType),
    }));
  }
  if (value instanceof DuckDBUnionValue && type instanceof DuckDBUnionType) {
    return toCell(value.value, type.memberTypeForTag(value.tag));
  }
  if (value instanceof DuckDBVariantValue && value.type !== undefined) {
    return toCell(value.value, value.type);
  }
  return undefined;
}

type Timestamp =
  | DuckDBTimestampValue
  | DuckDBTimestampSecondsValue
  | DuckDBTimestampMillisecondsValue
  | DuckDBTimestampNanosecondsValue;

const isTimestamp = (value: DuckDBValue): value is Timestamp =>
  value instanceof DuckDBTimestampValue ||
  value instanceof DuckDBTimestampSecondsValue ||
  value instanceof DuckDBTimestampMillisecondsValue ||
  value instanceof DuckDBTimestampNanosecondsValue;

/** `2024-06-25T10:00:00`; years before Christ and infinities stay as DuckDB writes them. */
const isoTimestamp = (value: Timestamp): string =>
  String(value).replace(/^(\S+-\d\d) (\d)/, "$1T$2");
