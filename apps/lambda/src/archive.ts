import { handlerOf } from "./handler.ts";
import { archiveStep } from "./steps/archive.ts";

export type { ArchiveInput, ArchiveOutput } from "./steps/archive.ts";

/** The run's files moved out of the inbox, and the run closed. */
export const handler = handlerOf(archiveStep);
