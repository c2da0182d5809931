import { type Logger, mapConcurrently } from "@topline/core";
import { checkpointBefore, type DeltaLog, type LogListing } from "./log.ts";
import { Reconciliation } from "./reconcile.ts";
import { PARALLEL } from "./snapshot.ts";
import { tombstonesKept } from "./retention.ts";

/** Versions after the newest checkpoint at which a commit writes another. */
export const CHECKPOINT_EVERY = 100;

/** Fewer are read as quickly as a checkpoint: 16 entries are read at a time. */
const WORTHWHILE = 10;

/** What a writer of version 2 does not know, a checkpoint of its making would lose. */
const WRITER = 2;

export interface Checkpointing {
  /** Versions between two checkpoints. */
  readonly every: number;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** @returns whether it pays to write one at `version`, for somebody who asks for it */
export const isWorthwhile = (listing: LogListing, version: number, every: number): boolean =>
  version - checkpointBefore(listing, version) >= Math.min(WORTHWHILE, every);

/**
 * After a commit: a checkpoint where the last one is long ago. What is committed is committed: where none can be
 * written, the next commit tries again.
 */
export async function checkpointWhereDue(
  log: DeltaLog,
  listing: LogListing,
  version: number,
  { every, now }: Checkpointing,
  logger: Logger,
): Promise<void> {
  if (!log.hasCodec) return;
  // A table's first entry is version 0, and its first checkpoint that of as many versions later.
  if (version - Math.max(0, checkpointBefore(listing, version)) < every) return;
  try {
    await writeCheckpoint(log, listing, version, now);
  } catch (error) {
    logger.warn(`No checkpoint of version ${version} of ${log.table} could be written`, {
      error: String(error),
    });
  }
}

/**
 * Writes the checkpoint of a version, and has `_last_checkpoint` point to it for readers that do not list.
 * @returns whether there is one now
 * @throws {ToplineError} what the store throws; `STATE_CORRUPT`
 */
export async function writeCheckpoint(
  log: DeltaLog,
  listing: LogListing,
  version: number,
  now: number,
): Promise<boolean> {
  const state = new Reconciliation();
  const base = checkpointBefore(listing, version - 1);
  if (base >= 0)
    for (const row of await log.rawCheckpoint(base)) state.apply(`checkpoint ${base}`, row);
  const entries = Array.from({ length: version - base }, (_, at) => base + 1 + at);
  const read = await mapConcurrently(entries, PARALLEL, (entry) => log.rawEntry(entry));
  for (const [at, rows] of read.entries())
    for (const row of rows) state.apply(`entry ${base + 1 + at}`, row);

  const { protocol, metadata } = state;
  if (protocol === undefined || metadata === undefined || !state.isExact) return false;
  if (Number(protocol["minReaderVersion"]) > 1 || Number(protocol["minWriterVersion"]) > WRITER)
    return false;
  const rows = state.rows(now - tombstonesKept(metadata["configuration"]));
  await log.putCheckpoint(version, rows, { files: state.live });
  return true;
}
