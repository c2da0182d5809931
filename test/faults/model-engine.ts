import {
  type DataFile,
  type Dataset,
  type Engine,
  type EngineSource,
  type KpiRow,
  type ObjectStore,
  type RowChoice,
  type SourceVerdict,
  zoneFolder,
} from "../../packages/core/src/index.ts";
import { type Catalogue, computeTables, type Listen } from "../model/figures.ts";
import { catalogueOf, listenOf, type ReferenceRow } from "../model/model.ts";
import { type Reading, readSource, type Row } from "../model/source.ts";

/**
 * The independent model where an engine stands, with data files of JSON: as strict as DuckDB about what is a row and
 * what the figures are, and a hundred times faster over small files, so that every call can be tried. It asks the
 * store for what an engine asks for: input copies, data files, quarantine.
 */
export function modelEngine(store: ObjectStore): Engine {
  return {
    name: "model 1",
    async open() {
      const read = new Map<string, { source: EngineSource; reading: Taken }>();
      let tables = new Map<string, KpiRow[]>();
      return {
        async ingest(sources, limits) {
          const verdicts: SourceVerdict[] = [];
          for (const source of sources) {
            const bytes = await readBytes(store, source.inputKey);
            const reading = readSource(source.dataset, { key: source.key, bytes }, limits);
            if (reading.refused === null) read.set(source.sourceId, { source, reading });
            verdicts.push(verdictOf(source, reading));
          }
          return verdicts;
        },

        async writeQuarantine(sourceId, prefix) {
          const { source, reading } = read.get(sourceId)!;
          const lines = reading.rejected.map((rejected) =>
            JSON.stringify({ key: source.key, record: null, ...rejected }),
          );
          const key = `${prefix}part-00000.jsonl`;
          await store.put(key, encode(`${lines.join("\n")}\n`));
          return [key];
        },

        async writeRows(table, { stem, intake }) {
          const rows = [...read.values()].flatMap(({ source, reading }) =>
            source.dataset === table
              ? reading.rows.map((row) => storedOf(row, source.sourceId, intake))
              : [],
          );
          const files: DataFile[] = [];
          for (const [date, ofDate] of Map.groupBy(rows, (row) => dateOf(table, row))) {
            files.push(await writeFile(store, table, ofDate, { stem, date }));
          }
          return files;
        },

        async withoutRows(table, files, choice, { stem }) {
          const remove: DataFile[] = [];
          const add: DataFile[] = [];
          for (const [date, ofDate] of Map.groupBy(files, ({ partition }) => partition["date"])) {
            const kept: StoredRow[] = [];
            for (const file of ofDate) {
              const rows = await readStored(store, table, file);
              const others = rows.filter((row) => !isChosen(row, choice));
              if (others.length === rows.length) continue;
              remove.push(file);
              kept.push(...others);
            }
            if (kept.length > 0) add.push(await writeFile(store, table, kept, { stem, date }));
          }
          return { remove, add };
        },

        async compact(table, files, { stem }) {
          const remove: DataFile[] = [];
          const add: DataFile[] = [];
          for (const [date, ofDate] of Map.groupBy(files, ({ partition }) => partition["date"])) {
            if (ofDate.length < 2) continue;
            const latest = new Map<string, StoredRow>();
            for (const file of ofDate) {
              for (const row of await readStored(store, table, file)) {
                const key = describe([row.source, row.columns]);
                const other = latest.get(key);
                if (other === undefined || BigInt(other.intake) < BigInt(row.intake)) {
                  latest.set(key, row);
                }
              }
            }
            add.push(await writeFile(store, table, [...latest.values()], { stem, date }));
            remove.push(...ofDate);
          }
          return { remove, add };
        },

        async datesTouched(before, after) {
          const old = await readCatalogue(store, before.songs);
          const now = await readCatalogue(store, after.songs);
          const isChanged = (track: string) =>
            describe(old.get(track)) !== describe(now.get(track));
          const dates = new Set<string>();
          for (const row of await readZoneRows(store, "streams", after.streams)) {
            const { trackId, listenTime } = listenOf(row.row);
            if (isChanged(trackId)) dates.add(listenTime.slice(0, 10));
          }
          return [...dates].sort();
        },

        async compute(zone, dates) {
          const catalogue = await readCatalogue(store, zone.songs);
          const ofDates = zone.streams.filter((file) =>
            dates.includes(file.partition["date"] ?? ""),
          );
          const brought = (await readZoneRows(store, "streams", ofDates)).map(({ row }) =>
            listenOf(row),
          );
          const set = new Map<string, Listen>(brought.map((listen) => [describe(listen), listen]));
          const found = computeTables(set.values(), catalogue);
          tables = new Map(
            Object.entries(found).flatMap(([table, items]) =>
              dates.map((date) => [
                `${table} ${date}`,
                (items as readonly KpiRow[]).filter((item) => item["date"] === date),
              ]),
            ),
          );
          const figures = dates.map((date) => {
            const isOfDate = ({ listenTime }: Listen) => listenTime.startsWith(date);
            const listens = BigInt([...set.values()].filter(isOfDate).length);
            const duplicates = BigInt(brought.filter(isOfDate).length) - listens;
            return { date, listens, duplicates, unknown_tracks: 0n, unknown_users: 0n };
          });
          return { figures, violations: [] };
        },

        rows: async (table, date) => tables.get(`${table} ${date}`) ?? [],
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}

type Taken = Extract<Reading, { readonly refused: null }>;

/** A row as a data file holds it. */
interface StoredRow {
  readonly columns: readonly (readonly [string, string])[];
  readonly source: string;
  readonly intake: string;
}

const storedOf = (row: Row, source: string, intake: bigint): StoredRow => ({
  columns: [...row],
  source,
  intake: String(intake),
});

const dateOf = (table: Dataset, { columns }: StoredRow): string | undefined =>
  table === "streams" ? listenOf(new Map(columns)).listenTime.slice(0, 10) : undefined;

const isChosen = ({ columns, source }: StoredRow, { column, values }: RowChoice): boolean =>
  values.includes((column === "source_id" ? source : new Map(columns).get(column)) ?? "");

async function writeFile(
  store: ObjectStore,
  table: Dataset,
  rows: readonly StoredRow[],
  { stem, date }: { readonly stem: string; readonly date: string | null | undefined },
): Promise<DataFile> {
  const path = typeof date === "string" ? `date=${date}/${stem}.parquet` : `${stem}.parquet`;
  const bytes = encode(JSON.stringify(rows));
  await store.put(zoneFolder(table) + path, bytes);
  return {
    path,
    size: bytes.byteLength,
    modificationTime: 0,
    partition: date === undefined ? {} : { date },
    records: BigInt(rows.length),
  };
}

function verdictOf({ sourceId }: EngineSource, reading: Reading): SourceVerdict {
  if (reading.refused !== null) {
    const refused = { code: reading.refused, message: "The model says so." };
    return { sourceId, records: 0n, accepted: 0n, quarantined: {}, refused };
  }
  const { records, rows, quarantined } = reading;
  const counts = Object.entries(quarantined).map(([reason, n]) => [reason, BigInt(n)] as const);
  return {
    sourceId,
    records: BigInt(records),
    accepted: BigInt(rows.length),
    quarantined: Object.fromEntries(counts),
    refused: null,
  };
}

/** The rows of data files that this engine wrote, whichever process of it did. */
export async function readZoneRows(
  store: Pick<ObjectStore, "get">,
  table: Dataset,
  files: readonly Pick<DataFile, "path">[],
): Promise<ReferenceRow[]> {
  const rows: ReferenceRow[] = [];
  for (const file of files) {
    for (const { columns, source, intake } of await readStored(store, table, file)) {
      rows.push({ row: new Map(columns), sourceId: source, intake: BigInt(intake) });
    }
  }
  return rows;
}

async function readStored(
  store: Pick<ObjectStore, "get">,
  table: Dataset,
  { path }: Pick<DataFile, "path">,
): Promise<StoredRow[]> {
  const bytes = await readBytes(store, zoneFolder(table) + path);
  return JSON.parse(new TextDecoder().decode(bytes)) as StoredRow[];
}

const readCatalogue = async (store: ObjectStore, songs: readonly DataFile[]): Promise<Catalogue> =>
  catalogueOf(await readZoneRows(store, "songs", songs));

async function readBytes(store: Pick<ObjectStore, "get">, key: string): Promise<Uint8Array> {
  const { body } = await store.get(key);
  const chunks = await Array.fromAsync(body);
  return Uint8Array.from(chunks.flatMap((chunk) => Array.from(chunk)));
}

const encode = (text: string) => new TextEncoder().encode(text);

const describe = (value: unknown): string =>
  JSON.stringify(value ?? null, (_, item: unknown) =>
    typeof item === "bigint" ? `${item}n` : item,
  );
