import type { Dataset } from "@topline/core";
import type { Contract } from "./contract.ts";
import { CONTRACTS } from "./contracts.ts";

/** Text, an integer, or microseconds since 1970; `null` where an optional column is absent. */
export type RowValue = string | number | bigint | null;

export type Judgement =
  | { readonly ok: true; readonly row: Readonly<Record<string, RowValue>> }
  | {
      readonly ok: false;
      /** `missing:<column>` or `invalid:<column>`: the first broken rule in contract order. */
      readonly reason: string;
    };

/**
 * Judges one record by its contract, in TypeScript.
 * @param fields text by column, unquoted and trimmed; an absent column is empty text, others are ignored
 */
export function judge(
  dataset: Dataset,
  fields: Readonly<Record<string, string>>,
  contracts: Readonly<Record<Dataset, Contract>> = CONTRACTS,
): Judgement {
  const verdict = contracts[dataset].schema.safeParse(fields);
  if (verdict.success) return { ok: true, row: verdict.data as Record<string, RowValue> };
  const [issue] = verdict.error.issues;
  const rule = issue?.message === "missing" ? "missing" : "invalid";
  return { ok: false, reason: `${rule}:${String(issue?.path[0])}` };
}
