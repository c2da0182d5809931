/**
 * The KPIs of a set of listens under a catalogue, date by date. Everything is counted afresh from the set.
 */

export interface Listen {
  readonly userId: string;
  readonly trackId: string;
  /** `YYYY-MM-DD HH:MM:SS.ffffff`, UTC. */
  readonly listenTime: string;
}

export interface Song {
  readonly genre: string;
  readonly durationMs: bigint;
  /** Undefined where absent. */
  readonly trackName: string | undefined;
  readonly artists: string | undefined;
}

/** The songs of each track: one a genre. */
export type Catalogue = ReadonlyMap<string, readonly Song[]>;

/** An item as DynamoDB holds it: an absent text is an absent attribute. */
export type Item = Readonly<Record<string, string | bigint | number>>;

/** A listen as one of its track's genres counts it. */
interface Play {
  readonly userId: string;
  readonly trackId: string;
  readonly song: Song;
}

export interface Tables {
  /** By date, genre. */
  readonly GENRE_KPIS: readonly Item[];
  /** By date, genre, rank. */
  readonly TOP_SONGS: readonly Item[];
  /** By date, rank. */
  readonly TOP_GENRES: readonly Item[];
}

const TOP_SONGS_PER_GENRE = 3;
const TOP_GENRES_PER_DATE = 5;

export function computeTables(listens: Iterable<Listen>, catalogue: Catalogue): Tables {
  const GENRE_KPIS: Item[] = [];
  const TOP_SONGS: Item[] = [];
  const TOP_GENRES: Item[] = [];
  const byDate = groupBy(listens, ({ listenTime }) => listenTime.slice(0, 10));
  for (const [date, ofDate] of sortedByKey(byDate)) {
    const plays = ofDate.flatMap(({ userId, trackId }) =>
      (catalogue.get(trackId) ?? []).map((song): Play => ({ userId, trackId, song })),
    );
    const genres = sortedByKey(groupBy(plays, ({ song }) => song.genre)).map(
      ([genre, ofGenre]) => ({
        genre,
        plays: ofGenre,
        listeners: BigInt(new Set(ofGenre.map(({ userId }) => userId)).size),
        totalMs: ofGenre.reduce((sum, { song }) => sum + song.durationMs, 0n),
      }),
    );

    for (const { genre, plays, listeners, totalMs } of genres) {
      GENRE_KPIS.push({
        date,
        genre,
        listen_count: BigInt(plays.length),
        unique_listeners: listeners,
        total_listening_time_ms: totalMs,
        avg_listening_time_per_user_ms: Number(totalMs) / Number(listeners),
      });
      TOP_SONGS.push(...topSongs(date, genre, plays));
    }

    const mostPlayed = genres.toSorted(
      (a, b) => b.plays.length - a.plays.length || compareText(a.genre, b.genre),
    );
    mostPlayed.slice(0, TOP_GENRES_PER_DATE).forEach(({ genre, plays, listeners, totalMs }, i) =>
      TOP_GENRES.push({
        date,
        rank: BigInt(i + 1),
        genre,
        listen_count: BigInt(plays.length),
        unique_listeners: listeners,
        total_listening_time_ms: totalMs,
      }),
    );
  }
  return { GENRE_KPIS, TOP_SONGS, TOP_GENRES };
}

function topSongs(date: string, genre: string, plays: readonly Play[]): Item[] {
  const tracks = [...groupBy(plays, ({ trackId }) => trackId)];
  tracks.sort(([a, ofA], [b, ofB]) => ofB.length - ofA.length || compareText(a, b));
  return tracks.slice(0, TOP_SONGS_PER_GENRE).map(([trackId, ofTrack], i) => {
    const { trackName, artists } = ofTrack[0]!.song;
    return present({
      date,
      genre_rank: `${genre}#${i + 1}`,
      genre,
      rank: BigInt(i + 1),
      track_id: trackId,
      track_name: trackName,
      artists,
      listen_count: BigInt(ofTrack.length),
    });
  });
}

function present(attributes: Readonly<Record<string, Item[string] | undefined>>): Item {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
}

export function groupBy<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

function sortedByKey<T>(groups: ReadonlyMap<string, T>): [string, T][] {
  return [...groups].sort(([a], [b]) => compareText(a, b));
}

/** By code points: the one order in which UTF-8 bytes, SQL and DynamoDB agree. */
export function compareText(a: string, b: string): number {
  for (let at = 0; at < a.length && at < b.length; at++) {
    const x = a.codePointAt(at)!;
    const y = b.codePointAt(at)!;
    if (x !== y) return x - y;
    if (x > 0xffff) at++;
  }
  return a.length - b.length;
}
