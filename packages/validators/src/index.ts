export { type ColumnRule, type ColumnSchema, date, integer, text, timestamp } from "./columns.ts";
export { type Contract, defineContract } from "./contract.ts";
export { CONTRACTS, songsContract, streamsContract, usersContract } from "./contracts.ts";
export { joinsLines, MAX_HEADER_BYTES, MAX_LINE_BYTES, MAX_RECORD_LINES } from "./dialect.ts";
export { type Judgement, judge, type RowValue } from "./judge.ts";
export { type ReadFile, type ReadRecord, readRecords, splitLines } from "./reader.ts";
export { compileDataset } from "./sql/compile.ts";
export { PLAIN_BYTES } from "./sql/predicates.ts";
export { createValidator, validator } from "./head.ts";
