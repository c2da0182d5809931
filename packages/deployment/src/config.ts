import {
  parseConfig,
  type ResolvedConfig,
  type TableSpec,
  tableSpecSchema,
  ToplineError,
} from "@topline/core";
import { z } from "zod";

/** A KPI of the deployment's own, its SQL read. */
export interface LoadedKpi {
  readonly table: TableSpec;
  readonly sql: string;
}

/** A configuration that needs no other file. */
export interface LoadedConfig extends Omit<ResolvedConfig, "kpis"> {
  readonly kpis: readonly LoadedKpi[];
}

const documentSchema = z.looseObject({
  kpis: z.array(z.strictObject({ table: tableSpecSchema, sql: z.string().min(1) })).default([]),
});

/**
 * A loaded configuration that went through JSON, as it is handed to other processes. What it leaves out has its
 * default.
 * @param where names it in messages
 * @throws {ToplineError} `CONFIG_INVALID`, naming every field that is not as it must be
 */
export function parseLoadedConfig(document: unknown, where: string): LoadedConfig {
  const parsed = documentSchema.safeParse(document);
  if (!parsed.success) {
    throw new ToplineError(
      "CONFIG_INVALID",
      `${where} is not valid:\n${z.prettifyError(parsed.error)}`,
      { cause: parsed.error },
    );
  }
  const { kpis, ...rest } = parsed.data;
  return { ...parseConfig(rest, where), kpis };
}
