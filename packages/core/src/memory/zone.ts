import type { Dataset } from "../datasets.ts";
import { ToplineError } from "../errors.ts";
import type { DataFile, MaintainedZone, ZoneCommit, ZoneSnapshot } from "../ports/zone.ts";

/** Zone tables in memory: a list of commits each. */
export function memoryZone(): MaintainedZone {
  const logs = new Map<Dataset, { readonly fence: bigint; readonly commit: ZoneCommit }[]>();
  const log = (table: Dataset) => {
    const found = logs.get(table) ?? [];
    logs.set(table, found);
    return found;
  };

  const snapshot = (table: Dataset, version = log(table).length - 1): ZoneSnapshot => {
    if (version >= log(table).length || version < -1) throw unreadable(table, version);
    const files = new Map<string, DataFile>();
    let fence = 0n;
    for (const entry of log(table).slice(0, version + 1)) {
      for (const file of entry.commit.removed) files.delete(file.path);
      for (const file of entry.commit.added) files.set(file.path, file);
      if (entry.fence > fence) fence = entry.fence;
    }
    return { table, version, files: [...files.values()], fence };
  };

  const commits = (table: Dataset, from: number, to: number): ZoneCommit[] => {
    const known = (version: number) => version >= -1 && version < log(table).length;
    for (const version of [from, to]) if (!known(version)) throw unreadable(table, version);
    return log(table)
      .slice(from + 1, to + 1)
      .map((entry) => entry.commit);
  };

  return {
    snapshot: async (table, version) => snapshot(table, version),
    commits: async (table, from, to) => commits(table, from, to),
    async commit(table, { info, fence, since, decide }) {
      for (;;) {
        const latest = snapshot(table);
        if (latest.fence > fence) {
          throw new ToplineError(
            "LEASE_LOST",
            `Table ${table} was committed to under token ${latest.fence}, newer than ${fence}; nothing more was changed.`,
          );
        }
        const actions = await decide(latest, commits(table, since, latest.version));
        if (actions === undefined) return latest.version;
        if (log(table).length - 1 !== latest.version) continue;
        const version = latest.version + 1;
        const { add: added, remove: removed, dataChange } = actions;
        log(table).push({ fence, commit: { version, info, added, removed, dataChange } });
        return version;
      }
    },

    // There is nothing to be read that would take long.
    checkpoint: async () => undefined,

    async needed(table, since) {
      const paths = new Set(snapshot(table).files.map(({ path }) => path));
      for (const { commit } of log(table)) {
        if ((commit.info?.timestamp ?? 0) <= since.getTime()) continue;
        for (const { path } of commit.removed) paths.add(path);
      }
      return paths;
    },
  };
}

function unreadable(table: Dataset, version: number): ToplineError {
  return new ToplineError("VERSION_UNREADABLE", `Table ${table} has no version ${version}.`);
}
