import { z } from "zod";

/**
 * JSON with exact integers: a `bigint` is written as a number while a double holds it exactly,
 * and as a string of digits beyond.
 */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_key, item: unknown) => jsonInteger(item), indent);
}

function jsonInteger(item: unknown): unknown {
  if (typeof item !== "bigint") return item;
  const number = Number(item);
  return Number.isSafeInteger(number) ? number : item.toString();
}

/** A non-negative integer as `toJson` writes it. */
export const countSchema = z
  .union([z.int().min(0), z.string().regex(/^[0-9]{1,38}$/)])
  .transform((value) => BigInt(value));
