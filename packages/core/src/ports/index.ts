export type * from "./clock.ts";
export type * from "./engine.ts";
export type * from "./kpi-store.ts";
export * from "./logger.ts";
export type * from "./object-store.ts";
export type * from "./run-ledger.ts";
export type * from "./transform-job.ts";
export type * from "./validator.ts";
export type * from "./zone.ts";
