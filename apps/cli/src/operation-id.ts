import { newRunId, type OperationName } from "@topline/core";

/** Names an operation in commits and data files: what it is, when it began, and 8 hex digits. */
export const operationId = (name: OperationName): string =>
  `${name}-${newRunId(new Date(), crypto.randomUUID().slice(0, 8))}`;
