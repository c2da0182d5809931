export * from "./datasets.ts";
export * from "./errors.ts";
export * from "./json.ts";
export * from "./kpis.ts";
export * from "./layout.ts";
export * from "./plan.ts";
export * from "./ports/index.ts";
export * from "./report.ts";
