import { readListenTime, type Dataset } from "./contracts.ts";
import {
  type Catalogue,
  compareText,
  computeTables,
  groupBy,
  type Listen,
  type Song,
  type Tables,
} from "./figures.ts";
import {
  datasetOf,
  type Limits,
  readSource,
  type Reading,
  type Refusal,
  type Row,
} from "./source.ts";

/**
 * The pipeline as a plain computation over what was dropped so far: what the tables must show, whatever happened on
 * the way. It follows `docs/reference/semantics.md` and shares no code with engines, validators and stores, so that
 * agreement with it means something. It keeps everything in memory and knows nothing of steps, leases and commits.
 */

export interface Drop {
  /** Under the inbox: `raw-data/users.csv`, `raw-data/streams/a.csv.gz`, … */
  readonly key: string;
  /** As stored: still gzipped under a key that ends in `.gz`. */
  readonly bytes: Uint8Array;
  readonly sourceId: string;
}

export type FileVerdict = { readonly key: string; readonly sourceId: string } & (
  | { readonly outcome: "ignored" }
  /** It stays in the inbox: the run waits for a dataset. */
  | { readonly outcome: "left"; readonly dataset: Dataset }
  | { readonly outcome: "refused"; readonly dataset: Dataset; readonly code: Refusal }
  | {
      readonly outcome: "taken";
      readonly dataset: Dataset;
      readonly rows: bigint;
      readonly accepted: bigint;
      /** By reason; a reason that nothing met is not there. */
      readonly quarantined: Readonly<Record<string, bigint>>;
      readonly extraColumns: readonly string[];
    }
);

export interface RunVerdict {
  readonly status: "succeeded" | "waiting" | "nothing-to-do";
  /** In the order songs, users, streams. */
  readonly waitingFor: readonly Dataset[];
  /** In the order of the drops. */
  readonly files: readonly FileVerdict[];
}

export interface DateFigures {
  readonly date: string;
  readonly listens: bigint;
  readonly duplicates: bigint;
  readonly unknown_tracks: bigint;
  readonly unknown_users: bigint;
}

export interface Model {
  /** One run over an inbox that holds `files`. Later runs need a greater `intake`. */
  run(inbox: { readonly intake: bigint; readonly files: readonly Drop[] }): RunVerdict;
  tables(): Tables;
  /** Every date of the zone, ascending. */
  figures(): readonly DateFigures[];
}

/** Who brought a row, and when: the greater (`intake`, `sourceId`) has the say about a key. */
interface Origin {
  readonly intake: bigint;
  readonly sourceId: string;
}
export type ReferenceRow = Origin & { readonly row: Row };

export function emptyModel(limits: Partial<Limits> = {}): Model {
  const everyLimit: Limits = {
    maxSourceBytes: Number.MAX_SAFE_INTEGER,
    maxQuarantineRatio: 0.5,
    ...limits,
  };
  const songs: ReferenceRow[] = [];
  const users: ReferenceRow[] = [];
  /** The set, and for each of its members the sources that brought it. */
  const listens = new Map<string, { readonly listen: Listen; readonly sources: Set<string> }>();

  const takeIn = (dataset: Dataset, { intake, sourceId }: Origin, rows: readonly Row[]) => {
    for (const row of rows) {
      if (dataset === "streams") {
        const listen = listenOf(row);
        const key = `${listen.userId}\n${listen.trackId}\n${listen.listenTime}`;
        const member = listens.get(key) ?? { listen, sources: new Set<string>() };
        member.sources.add(sourceId);
        listens.set(key, member);
      } else (dataset === "songs" ? songs : users).push({ intake, sourceId, row });
    }
  };
  const zoneHas = (dataset: Dataset) =>
    ({ songs: songs.length, users: users.length, streams: listens.size })[dataset] > 0;

  return {
    run({ intake, files }) {
      const read = files.map((drop) => {
        const dataset = datasetOf(drop.key);
        return dataset === undefined
          ? { drop, dataset }
          : { drop, dataset, reading: readSource(dataset, drop, everyLimit) };
      });
      const arrivals = read.filter(({ dataset }) => dataset !== undefined);
      const hasArrived = (dataset: Dataset) =>
        arrivals.some((file) => file.dataset === dataset && !isRefusedByHead(file.reading));
      const missing = (["songs", "users", "streams"] as const).filter(
        (dataset) => !hasArrived(dataset) && !zoneHas(dataset),
      );
      const status =
        arrivals.length === 0 ? "nothing-to-do" : missing.length > 0 ? "waiting" : "succeeded";

      const verdicts = read.map(({ drop, dataset, reading }): FileVerdict => {
        const { key, sourceId } = drop;
        if (dataset === undefined) return { key, sourceId, outcome: "ignored" };
        if (status === "waiting" && !isRefusedByHead(reading)) {
          return { key, sourceId, outcome: "left", dataset };
        }
        if (reading.refused !== null) {
          return { key, sourceId, outcome: "refused", dataset, code: reading.refused };
        }
        takeIn(dataset, { intake, sourceId }, reading.rows);
        return {
          key,
          sourceId,
          outcome: "taken",
          dataset,
          rows: BigInt(reading.records),
          accepted: BigInt(reading.rows.length),
          quarantined: Object.fromEntries(
            Object.entries(reading.quarantined).map(([reason, count]) => [reason, BigInt(count)]),
          ),
          extraColumns: reading.extraColumns,
        };
      });
      return { status, waitingFor: status === "waiting" ? missing : [], files: verdicts };
    },

    tables() {
      return computeTables(
        [...listens.values()].map(({ listen }) => listen),
        catalogueOf(songs),
      );
    },

    figures() {
      const tracks = new Set(songs.map(({ row }) => text(row, "track_id")));
      const knownUsers = new Set(users.map(({ row }) => text(row, "user_id")));
      const byDate = groupBy(listens.values(), ({ listen }) => listen.listenTime.slice(0, 10));
      return [...byDate]
        .map(([date, members]) => ({
          date,
          listens: BigInt(members.length),
          duplicates: members.reduce((sum, { sources }) => sum + BigInt(sources.size - 1), 0n),
          unknown_tracks: count(members, ({ listen }) => !tracks.has(listen.trackId)),
          unknown_users: count(members, ({ listen }) => !knownUsers.has(listen.userId)),
        }))
        .sort((a, b) => compareText(a.date, b.date));
    },
  };
}

const isRefusedByHead = (reading: Reading | undefined): boolean =>
  reading !== undefined && reading.refused !== null && reading.byHead;

/** For each track the rows of its newest source; of that source's rows for one genre, the least. */
export function catalogueOf(songs: readonly ReferenceRow[]): Catalogue {
  const catalogue = new Map<string, Song[]>();
  for (const [trackId, ofTrack] of groupBy(songs, ({ row }) => text(row, "track_id"))) {
    const newest = ofTrack.reduce((a, b) => (compareOrigins(a, b) < 0 ? b : a));
    const rows = ofTrack.filter((song) => compareOrigins(song, newest) === 0);
    const byGenre = groupBy(rows, ({ row }) => text(row, "track_genre"));
    const ofGenres = [...byGenre.values()].map((same) =>
      same.map(({ row }) => row).reduce((a, b) => (compareSongRows(b, a) < 0 ? b : a)),
    );
    catalogue.set(trackId, ofGenres.map(songOf));
  }
  return catalogue;
}

function compareOrigins(a: Origin, b: Origin): number {
  if (a.intake !== b.intake) return a.intake < b.intake ? -1 : 1;
  return compareText(a.sourceId, b.sourceId);
}

/** Over the contract's columns but for the key (`track_id`, `track_genre`). */
function compareSongRows(a: Row, b: Row): number {
  for (const column of ["artists", "album_name", "track_name"]) {
    const order = compareText(text(a, column), text(b, column));
    if (order !== 0) return order;
  }
  return Number(text(a, "duration_ms")) - Number(text(b, "duration_ms"));
}

const songOf = (row: Row): Song => ({
  genre: text(row, "track_genre"),
  durationMs: BigInt(text(row, "duration_ms")),
  trackName: text(row, "track_name") || undefined,
  artists: text(row, "artists") || undefined,
});

export const listenOf = (row: Row): Listen => ({
  userId: text(row, "user_id"),
  trackId: text(row, "track_id"),
  listenTime: readListenTime(text(row, "listen_time"))!,
});

const text = (row: Row, column: string): string => row.get(column) ?? "";

function count<T>(items: readonly T[], test: (item: T) => boolean): bigint {
  return BigInt(items.filter(test).length);
}
