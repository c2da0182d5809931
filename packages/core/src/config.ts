import { z } from "zod";
import { ToplineError } from "./errors.ts";
import { tableSpecSchema } from "./kpis.ts";
import { planLimitsSchema } from "./plan.ts";

/** A KPI of a deployment's own: a relation, and the table that its rows go to. */
const customKpiSchema = z.strictObject({
  /** The relation's SQL: a path, relative to the configuration file. */
  sqlFile: z.string().min(1),
  table: tableSpecSchema,
});

export const ENGINES = ["duckdb", "glue"] as const;
export type EngineName = (typeof ENGINES)[number];

const configSchema = z.strictObject({
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "is no bucket name")
    .default("topline"),
  /** Of the external backend. Default: what the SDK finds (`AWS_REGION`, the profile). */
  region: z.string().min(1).optional(),
  /** Before every table name, so that two environments share an account. */
  tablePrefix: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{0,64}$/, "may hold letters, digits, `_`, `.` and `-`, at most 64")
    .default(""),
  /** Seconds that a step's lease lasts unless it is renewed. Default: 30; 10 on the embedded backend. */
  leaseSeconds: z.int().min(3).max(900).optional(),
  maxSourceBytes: planLimitsSchema.shape.maxSourceBytes.optional(),
  maxQuarantineRatio: planLimitsSchema.shape.maxQuarantineRatio.optional(),
  /** What the DuckDB engine may hold in memory before it spills, such as `1GB`. */
  memoryLimit: z
    .string()
    .regex(/^[1-9][0-9]*(\.[0-9]+)?\s?([KMGT]i?B|%)$/, "is a size such as 512MB or 2GiB")
    .default("1GB"),
  /** Threads of the DuckDB engine. Default: the machine's. */
  threads: z.int().min(1).max(1024).optional(),
  /** What transforms: DuckDB in the command's own process, or a Glue job on Spark. The figures are the same. */
  engine: z.enum(ENGINES).default("duckdb"),
  /** Of the engine `glue`. */
  glue: z
    .strictObject({
      /** A harness makes the job by itself; elsewhere it must be there. */
      jobName: z.string().min(1).max(255).default("topline-transform"),
      /** What Spark's driver, which is all of Spark there, may have on a harness. */
      driverMemory: z
        .string()
        .regex(/^[1-9][0-9]*[mg]$/, "is a size such as 512m or 4g")
        .default("2g"),
    })
    .prefault({}),
  kpis: z.array(customKpiSchema).default([]),
});

export type ToplineConfig = z.input<typeof configSchema>;
export type ResolvedConfig = z.output<typeof configSchema>;
export type CustomKpi = z.output<typeof customKpiSchema>;

/** Gives `topline.config.ts` its types. */
export function defineConfig(config: ToplineConfig): ToplineConfig {
  return config;
}

/** @throws {ToplineError} `CONFIG_INVALID`, naming every field that is not as it must be */
export function parseConfig(config: unknown, where: string): ResolvedConfig {
  const parsed = configSchema.safeParse(config);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(
    (issue) => `${issue.path.join(".") || "the configuration"}: ${issue.message}`,
  );
  throw new ToplineError("CONFIG_INVALID", `${where} is not valid: ${issues.join("; ")}.`, {
    cause: parsed.error,
  });
}
