import {
  type Dataset,
  type Logger,
  type ObjectStore,
  silentLogger,
  type Zone,
} from "@topline/core";
import { ActionCache } from "./action-cache.ts";
import type { CheckpointCodec } from "./checkpoint-codec.ts";
import { commit } from "./commit.ts";
import { deltaLog } from "./log.ts";
import { history, toSnapshot } from "./snapshot.ts";

export interface DeltaZoneOptions {
  /** Needs puts that create or fail (`ifNoneMatch: "*"`), and lists and reads that see what was put. */
  readonly store: ObjectStore;
  /** Needed only to read logs whose older entries were cleaned up behind a checkpoint. */
  readonly checkpoints?: CheckpointCodec;
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
export function deltaZone({ store, checkpoints, logger = silentLogger }: DeltaZoneOptions): Zone {
  const cache = new ActionCache();
  const logOf = (table: Dataset) => deltaLog({ store, table, cache, checkpoints });
  return {
    async snapshot(table, version) {
      const log = logOf(table);
      const listing = await log.list();
      const at = version ?? listing.newest;
      const { state } = await history(log, listing, at, at);
      return toSnapshot(table, state);
    },

    async commits(table, from, to) {
      const log = logOf(table);
      const { commits } = await history(log, await log.list(), from, to);
      return commits;
    },

    commit: (table, request) => commit(logOf(table), request, logger),
  };
}
