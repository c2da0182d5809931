/** The ports' contract suites: functions that register vitest tests over any implementation. */
export * from "./zone.ts";
export * from "./object-store.ts";
export * from "./kpi-store.ts";
export * from "./run-ledger.ts";
