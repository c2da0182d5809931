/** The ports in memory: for tests, simulations and compositions that keep nothing. */
export * from "./clock.ts";
export * from "./kpi-store.ts";
export * from "./object-store.ts";
export * from "./run-ledger.ts";
export * from "./zone.ts";
