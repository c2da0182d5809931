import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { compareCodePoints, type KpiRow } from "@topline/core";
import { readRecords } from "@topline/validators";
import { beforeAll, describe, expect, test } from "vitest";
import { computeKpis, type ComputedKpis } from "@topline/kpi-engine";

const file = (name: string) =>
  fileURLToPath(new URL(`../../../examples/music-streaming/data/${name}.csv.gz`, import.meta.url));
const streams = ["streams/streams1", "streams/streams2", "streams/streams3"];
const DATE = "2024-06-25";

async function table(
  dataset: "songs" | "streams",
  name: string,
): Promise<Record<string, string>[]> {
  const { header, records } = readRecords(dataset, gunzipSync(await readFile(file(name))));
  return records.map(({ fields = [] }) =>
    Object.fromEntries((header?.fields ?? []).map((column, i) => [column, fields[i] ?? ""])),
  );
}

interface Genre {
  readonly listens: Map<string, number>;
  readonly users: Set<string>;
  total: bigint;
}

/** The figures in plain TypeScript: sets and maps over every record. */
async function independently() {
  const catalogue = new Map<string, Map<string, Record<string, string>>>();
  for (const song of await table("songs", "songs")) {
    const { track_id = "", track_genre = "" } = song;
    const genres = catalogue.get(track_id) ?? new Map<string, Record<string, string>>();
    catalogue.set(track_id, genres);
    const other = genres.get(track_genre);
    if (other === undefined || isLess(song, other)) genres.set(track_genre, song);
  }
  const listens = new Map<string, Record<string, string>>();
  for (const name of streams) {
    for (const one of await table("streams", name)) {
      listens.set(`${one["user_id"]}|${one["track_id"]}|${one["listen_time"]}`, one);
    }
  }
  const genres = new Map<string, Genre>();
  for (const { user_id = "", track_id = "" } of listens.values()) {
    for (const [name, song] of catalogue.get(track_id) ?? []) {
      const genre = genres.get(name) ?? { listens: new Map(), users: new Set(), total: 0n };
      genres.set(name, genre);
      genre.listens.set(track_id, (genre.listens.get(track_id) ?? 0) + 1);
      genre.users.add(user_id);
      genre.total += BigInt(song["duration_ms"] ?? "");
    }
  }
  return { catalogue, listens, genres };
}

function isLess(a: Record<string, string>, b: Record<string, string>): boolean {
  for (const column of ["artists", "album_name", "track_name"]) {
    const order = compareCodePoints(a[column] ?? "", b[column] ?? "");
    if (order !== 0) return order < 0;
  }
  return Number(a["duration_ms"]) < Number(b["duration_ms"]);
}

describe("the real day of streaming", () => {
  let kpis: ComputedKpis;
  let expected: Awaited<ReturnType<typeof independently>>;
  const countOf = (genre: Genre) => [...genre.listens.values()].reduce((sum, n) => sum + n, 0);

  beforeAll(async () => {
    kpis = await computeKpis({
      users: file("users"),
      songs: file("songs"),
      streams: streams.map(file),
    });
    expected = await independently();
  });

  test("is taken in whole", () => {
    expect(
      kpis.files.map(({ records, accepted, refused }) => [records, accepted, refused]),
    ).toEqual([
      [89_741n, 89_741n, null],
      [50_000n, 50_000n, null],
      [11_346n, 11_346n, null],
      [11_346n, 11_346n, null],
      [11_346n, 11_346n, null],
    ]);
    const listens = BigInt(expected.listens.size);
    expect(kpis.dates).toEqual([
      { date: DATE, listens, duplicates: 0n, unknown_tracks: 0n, unknown_users: 0n },
    ]);
  });

  test("has the known figures", () => {
    const genres = kpis.tables["GENRE_KPIS"] as readonly KpiRow[];
    const sum = (column: string) =>
      genres.reduce((total, row) => total + (row[column] as bigint), 0n);
    expect(sum("total_listening_time_ms")).toBe(7_797_300_995n);
    expect(sum("unique_listeners")).toBe(33_809n);
    expect(
      kpis.tables["TOP_GENRES"]?.map(({ genre, listen_count }) => [genre, listen_count]),
    ).toEqual([
      ["children", 418n],
      ["anime", 415n],
      ["disney", 413n],
      ["cantopop", 407n],
      ["happy", 395n],
    ]);
  });

  test("has in every genre what a plain count has", () => {
    const rows = [...expected.genres]
      .sort(([a], [b]) => compareCodePoints(a, b))
      .map(([genre, one]) => ({
        date: DATE,
        genre,
        listen_count: BigInt(countOf(one)),
        unique_listeners: BigInt(one.users.size),
        total_listening_time_ms: one.total,
        avg_listening_time_per_user_ms: Number(one.total) / one.users.size,
      }));
    expect(kpis.tables["GENRE_KPIS"]).toEqual(rows);
  });

  test("has the top songs that a plain sort has", () => {
    const rows = [...expected.genres]
      .sort(([a], [b]) => compareCodePoints(a, b))
      .flatMap(([genre, { listens }]) =>
        [...listens]
          .sort(([a, n], [b, m]) => m - n || compareCodePoints(a, b))
          .slice(0, 3)
          .map(([track_id, count], i) => {
            const song = expected.catalogue.get(track_id)?.get(genre);
            return {
              date: DATE,
              genre_rank: `${genre}#${i + 1}`,
              genre,
              rank: BigInt(i + 1),
              track_id,
              track_name: song?.["track_name"],
              artists: song?.["artists"],
              listen_count: BigInt(count),
            };
          }),
      );
    expect(kpis.tables["TOP_SONGS"]).toEqual(rows);
  });
});
