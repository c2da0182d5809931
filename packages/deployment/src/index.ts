export * from "./clients.ts";
export * from "./config.ts";
export * from "./pipeline-ports.ts";
export * from "./ports-as-found.ts";
export * from "./ports.ts";
export * from "./system-clock.ts";
