export type { Cell } from "./cells.ts";
export type { SqlTable } from "./locked-database.ts";
export { runSql, type SqlOptions, type SqlResult } from "./run-sql.ts";
