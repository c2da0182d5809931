import {
  type Dataset,
  type Logger,
  type MaintainedZone,
  type ObjectStore,
  silentLogger,
} from "@topline/core";
import { ActionCache } from "./action-cache.ts";
import type { CheckpointCodec } from "./checkpoint-codec.ts";
import { CHECKPOINT_EVERY, isWorthwhile, writeCheckpoint } from "./checkpoint.ts";
import { commit } from "./commit.ts";
import { deltaLog } from "./log.ts";
import { history, stateWithRemovals, toSnapshot } from "./snapshot.ts";

export interface DeltaZoneOptions {
  /** Needs puts that create or fail (`ifNoneMatch: "*"`), and lists and reads that see what was put. */
  readonly store: ObjectStore;
  /**
   * Writes a checkpoint every 100 commits, and reads from the newest one on: a long log opens as quickly as a short
   * one. Without it a log whose older entries were cleaned up behind a checkpoint cannot be read.
   */
  readonly checkpoints?: CheckpointCodec;
  /** Versions between two checkpoints. Default 100. */
  readonly checkpointEvery?: number;
  readonly logger?: Logger;
}

/**
 * The zone as Delta Lake tables (reader version 1, writer version 2) in an object store. Holds no state but parsed
 * log files; any number of processes may work over one store.
 *
 * Beyond what the port says, its methods throw `STATE_CORRUPT` for tables that ask for newer protocol versions,
 * `CONFIG_INVALID` where a log can only be read with `checkpoints`, and `commit` throws `INTERNAL` for removals of
 * files that are not live, and for additions under a path that the log has named before.
 */
export function deltaZone(options: DeltaZoneOptions): MaintainedZone {
  const { store, checkpoints, checkpointEvery: every = CHECKPOINT_EVERY } = options;
  const { logger = silentLogger } = options;
  const cache = new ActionCache();
  const logOf = (table: Dataset) => deltaLog({ store, table, cache, checkpoints });
  return {
    async snapshot(table, version) {
      const log = logOf(table);
      const listing = await log.list(version);
      const at = version ?? listing.newest;
      const { state } = await history(log, listing, at, at);
      return toSnapshot(table, state);
    },

    async commits(table, from, to) {
      const log = logOf(table);
      const { commits } = await history(log, await log.list(from), from, to);
      return commits;
    },

    commit: (table, request) => commit(logOf(table), request, { every, logger }),

    async checkpoint(table, now) {
      const log = logOf(table);
      const listing = await log.list();
      const { newest } = listing;
      if (!log.hasCodec || !isWorthwhile(listing, newest, every)) return undefined;
      return (await writeCheckpoint(log, listing, newest, now.getTime())) ? newest : undefined;
    },

    async needed(table, since) {
      const log = logOf(table);
      const { files, gone } = await stateWithRemovals(log, since.getTime());
      const left = [...gone].filter(([, at]) => at > since.getTime());
      return new Set([...files.keys(), ...left.map(([path]) => path)]);
    },
  };
}
