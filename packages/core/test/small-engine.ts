import {
  type DataFile,
  type DateFigures,
  type Engine,
  type EngineSource,
  type KpiRow,
  type ObjectStore,
  type SourceVerdict,
  type ZoneFiles,
  zoneFolder,
} from "@topline/core";

/**
 * An engine small enough to be seen through: plain CSV without quotes, data files of JSON, one KPI (listens per
 * date and genre). It stands where DuckDB stands, so that the steps are tested and not the engine.
 */
export function smallEngine(
  store: ObjectStore,
  isGood = (row: readonly string[], width: number) => row.length === width,
): Engine {
  return {
    name: "small 1",
    async open(plan) {
      const accepted = new Map<string, { source: EngineSource; rows: string[][] }>();
      const quarantine = new Map<string, object[]>();
      let published = new Map<string, KpiRow[]>();

      return {
        async ingest(sources, limits) {
          const verdicts: SourceVerdict[] = [];
          for (const source of sources) {
            const [, ...records] = (await readText(store, source.inputKey)).trimEnd().split("\n");
            const rows = records.map((line) => line.split(","));
            const { width } = source.head;
            const good = rows.filter((row) => isGood(row, width));
            const bad = rows.length - good.length;
            const isRefused = bad > limits.maxQuarantineRatio * rows.length;
            if (!isRefused) accepted.set(source.sourceId, { source, rows: good });
            quarantine.set(
              source.sourceId,
              records
                .filter((line) => !isGood(line.split(","), width))
                .map((text) => ({ key: source.key, record: null, reason: "malformed", text })),
            );
            verdicts.push({
              sourceId: source.sourceId,
              records: BigInt(rows.length),
              accepted: BigInt(good.length),
              quarantined: bad > 0 ? { malformed: BigInt(bad) } : {},
              refused: isRefused
                ? { code: "TOO_MANY_BAD_ROWS", message: `${bad} bad rows.` }
                : null,
            });
          }
          return verdicts;
        },

        async writeQuarantine(sourceId, prefix) {
          const lines = quarantine.get(sourceId) ?? [];
          const key = `${prefix}part-00000.jsonl`;
          await writeText(store, key, lines.map((line) => JSON.stringify(line)).join("\n"));
          return [key];
        },

        async writeRows(table, { stem, intake }) {
          const byPath = new Map<string, { date: string | null; rows: unknown[] }>();
          for (const { source, rows } of accepted.values()) {
            if (source.dataset !== table) continue;
            for (const row of rows) {
              const date = table === "streams" ? (row[2] ?? "").slice(0, 10) : null;
              const path = date === null ? `${stem}.json` : `date=${date}/${stem}.json`;
              const file = byPath.get(path) ?? { date, rows: [] };
              file.rows.push({ row, source: source.sourceId, intake: Number(intake) });
              byPath.set(path, file);
            }
          }
          const files: DataFile[] = [];
          for (const [path, { date, rows }] of byPath) {
            const text = JSON.stringify(rows);
            await writeText(store, zoneFolder(table) + path, text);
            files.push({
              path,
              size: text.length,
              modificationTime: 0,
              partition: date === null ? {} : { date },
              records: BigInt(rows.length),
            });
          }
          return files;
        },

        async withoutRows(table, files, { column, values }, { stem }) {
          const isChosen = ({ row, source }: Stored) =>
            values.includes((column === "source_id" ? source : row[0]) ?? "");
          const remove: DataFile[] = [];
          const add: DataFile[] = [];
          for (const [date, ofDate] of Map.groupBy(files, (file) => file.partition["date"])) {
            const kept: Stored[] = [];
            for (const file of ofDate) {
              const rows = await readRows(store, table, [file]);
              if (!rows.some(isChosen)) continue;
              remove.push(file);
              kept.push(...rows.filter((row) => !isChosen(row)));
            }
            if (kept.length === 0) continue;
            const path = date === undefined ? `${stem}.json` : `date=${date}/${stem}.json`;
            const text = JSON.stringify(kept);
            await writeText(store, zoneFolder(table) + path, text);
            const partition = date === undefined ? {} : { date };
            const records = BigInt(kept.length);
            add.push({ path, size: text.length, modificationTime: 0, partition, records });
          }
          return { remove, add };
        },

        async compact(table, files, { stem }) {
          const remove: DataFile[] = [];
          const add: DataFile[] = [];
          for (const [date, ofDate] of Map.groupBy(files, (file) => file.partition["date"])) {
            if (ofDate.length < 2) continue;
            const latest = new Map<string, Stored>();
            for (const stored of await readRows(store, table, ofDate)) {
              const key = [stored.source, ...stored.row].join();
              const other = latest.get(key);
              if (other === undefined || other.intake < stored.intake) latest.set(key, stored);
            }
            const path = date === undefined ? `${stem}.json` : `date=${date}/${stem}.json`;
            const text = JSON.stringify([...latest.values()]);
            await writeText(store, zoneFolder(table) + path, text);
            const partition = date === undefined ? {} : { date };
            const records = BigInt(latest.size);
            add.push({ path, size: text.length, modificationTime: 0, partition, records });
            remove.push(...ofDate);
          }
          return { remove, add };
        },

        async datesTouched(before, after) {
          const old = genres(await readRows(store, "songs", before.songs));
          const now = genres(await readRows(store, "songs", after.songs));
          const changed = [...old.keys(), ...now.keys()].filter((t) => old.get(t) !== now.get(t));
          const tracks = new Set(changed);
          const dates = new Set<string>();
          for (const { row } of await readRows(store, "streams", after.streams)) {
            if (tracks.has(row[1] ?? "")) dates.add((row[2] ?? "").slice(0, 10));
          }
          return [...dates].sort();
        },

        async compute(zone: ZoneFiles, dates) {
          published = new Map();
          const catalogue = genres(await readRows(store, "songs", zone.songs));
          const listens = await readRows(store, "streams", zone.streams);
          const figures = dates.map((date): DateFigures => {
            const rows = listens.filter(({ row }) => row[2]?.startsWith(date));
            const set = new Set(rows.map(({ row }) => row.join()));
            const counts = new Map<string, bigint>();
            for (const listen of set) {
              const genre = catalogue.get(listen.split(",")[1] ?? "");
              if (genre !== undefined) counts.set(genre, (counts.get(genre) ?? 0n) + 1n);
            }
            published.set(
              date,
              [...counts].map(([genre, listen_count]) => ({ date, genre, listen_count })),
            );
            return {
              date,
              listens: BigInt(set.size),
              duplicates: BigInt(rows.length - set.size),
              unknown_tracks: 0n,
              unknown_users: 0n,
            };
          });
          const isBroken = plan.audits.some((audit) => audit.sql === "FAIL");
          return {
            figures,
            violations: isBroken
              ? [{ audit: "always", date: dates[0] ?? "", detail: "broken" }]
              : [],
          };
        },

        rows: async (_table, date) => published.get(date) ?? [],
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}

interface Stored {
  readonly row: string[];
  readonly source: string;
  readonly intake: number;
}

/** Genre by track: the latest intake wins. */
function genres(rows: readonly Stored[]): Map<string, string> {
  const sorted = [...rows].sort((a, b) => a.intake - b.intake);
  return new Map(sorted.map(({ row }) => [row[0] ?? "", row[1] ?? ""]));
}

async function readRows(
  store: ObjectStore,
  table: "songs" | "users" | "streams",
  files: readonly DataFile[],
): Promise<Stored[]> {
  const rows: Stored[] = [];
  for (const file of files) {
    rows.push(...(JSON.parse(await readText(store, zoneFolder(table) + file.path)) as Stored[]));
  }
  return rows;
}

export async function readText(store: ObjectStore, key: string): Promise<string> {
  const { body } = await store.get(key);
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) text += decoder.decode(chunk, { stream: true });
  return text;
}

export async function writeText(store: ObjectStore, key: string, text: string): Promise<void> {
  await store.put(key, new TextEncoder().encode(text));
}
