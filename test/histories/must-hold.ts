import { text } from "node:stream/consumers";
import {
  DATASETS,
  type Dataset,
  type ObjectStore,
  type Plan,
  type SourceRecord,
  ToplineError,
} from "../../packages/core/src/index.ts";
import { readZoneRows } from "../faults/model-engine.ts";
import { zoneOver } from "../faults/play.ts";
import type { Outside } from "../faults/world.ts";
import { computeTables, type Item, type Listen } from "../model/figures.ts";
import { catalogueOf, listenOf, type ReferenceRow } from "../model/model.ts";
import { readSource } from "../model/source.ts";

/**
 * What must hold once nothing is left to do, told from what was dropped and from the ledger alone: no step, commit,
 * cursor or lease is in it. Each function returns what does not hold.
 */

export interface Dropped {
  readonly sourceId: string;
  readonly key: string;
  readonly dataset: Dataset;
  /** As it came. */
  readonly text: string;
  /** Users who were erased from it since it was taken in. */
  readonly erased: { readonly intake: bigint; readonly userIds: ReadonlySet<string> } | undefined;
  /** Nobody put another object in its place: it was taken in, refused, or waits. */
  readonly stayed: boolean;
}

export interface Settled extends Outside {
  readonly plan: Plan;
  readonly isWaiting: boolean;
}

const LIMITS = { maxSourceBytes: Number.MAX_SAFE_INTEGER, maxQuarantineRatio: 0.5 };

const verdictOn = ({ dataset, key, text: content }: Dropped, limits = LIMITS) =>
  readSource(dataset, { key, bytes: new TextEncoder().encode(content) }, limits);

/** What is left of a file that was taken in. One that came again came whole. */
function leftOf(dropped: Dropped, { intake }: SourceRecord): Dropped {
  const { dataset, text: content, erased } = dropped;
  if (dataset === "songs" || erased?.intake !== intake) return dropped;
  const [header = "", ...lines] = content.split("\n");
  const width = header.split(",").length;
  const isErased = (line: string) => {
    const fields = line.split(",");
    const ids = fields.length === width ? fields.slice(0, 1) : fields;
    return ids.some((id) => erased.userIds.has(id));
  };
  return { ...dropped, text: [header, ...lines.filter((line) => !isErased(line))].join("\n") };
}

/** Of a file that was taken in: what was erased of it does not make it one that is refused. */
const readingOf = (dropped: Dropped, record: SourceRecord) =>
  verdictOn(leftOf(dropped, record), { ...LIMITS, maxQuarantineRatio: 1 });

export async function broken(
  { store, kpis, ledger, plan, isWaiting }: Settled,
  dropped: ReadonlyMap<string, Dropped>,
): Promise<string[]> {
  const outside = { store, kpis, ledger };
  const records = await Array.fromAsync(ledger.sources());
  const found = [
    ...(await atRest(outside, isWaiting)),
    ...(await nothingLost(outside, records, dropped, isWaiting)),
    ...(await zoneIsASet(outside, records, dropped)),
    ...(await tablesFollow(outside, plan, records, dropped)),
  ];
  return found;
}

async function atRest({ store, ledger }: Outside, isWaiting: boolean): Promise<string[]> {
  const found: string[] = [];
  const open = await ledger.openRun();
  if (open !== undefined) found.push(`run ${open} is open`);
  const holder = await ledger.holder();
  if (holder !== undefined) found.push(`${holder.holder} holds the lease`);
  if (isWaiting) return found;
  for await (const { key } of store.list("raw-data/")) found.push(`${key} is left in the inbox`);
  return found;
}

async function nothingLost(
  { store }: Outside,
  records: readonly SourceRecord[],
  dropped: ReadonlyMap<string, Dropped>,
  isWaiting: boolean,
): Promise<string[]> {
  const found: string[] = [];
  const known = new Map(records.map((record) => [record.sourceId, record]));
  for (const one of dropped.values()) {
    const record = known.get(one.sourceId);
    const { refused: verdict } = verdictOn(one);
    if (record === undefined) {
      const isLeft = isWaiting && (await textAt(store, one.key)) === one.text;
      if (one.stayed && !isLeft) found.push(`${one.key} ${one.sourceId} is nowhere`);
      continue;
    }
    if ((verdict === null) === (record.state === "rejected")) {
      found.push(`${one.key} ${one.sourceId} is ${record.state}: ${verdict ?? "good"}`);
    }
    const kept = await textAt(store, record.archivedTo);
    const left = verdict === null ? leftOf(one, record).text : one.text;
    if (kept !== left) {
      found.push(`${record.archivedTo} is ${JSON.stringify(kept)}, not ${JSON.stringify(left)}`);
    }
    const reading = readingOf(one, record);
    if (verdict !== null || reading.refused !== null) continue;
    const rejected = Object.values(reading.quarantined).reduce((sum, n) => sum + n, 0);
    const quarantined = await linesBelow(store, `quarantine/source=${one.sourceId}/`);
    if (quarantined !== rejected) {
      found.push(
        `${one.key} ${one.sourceId} has ${quarantined} rows in quarantine, not ${rejected}`,
      );
    }
  }
  for (const { sourceId, key } of records) {
    if (!dropped.has(sourceId)) found.push(`${key} ${sourceId} was never dropped`);
  }
  return found;
}

/** Rows as sets: of listens each with its source; of reference rows, of which only the newest intake has a say. */
async function zoneIsASet(
  outside: Outside,
  records: readonly SourceRecord[],
  dropped: ReadonlyMap<string, Dropped>,
): Promise<string[]> {
  const found: string[] = [];
  for (const table of DATASETS) {
    const { files } = await zoneOver(outside).snapshot(table);
    const rows = await readZoneRows(outside.store, table, files);
    const wanted = takenRows(table, records, dropped);
    const there = sorted(rows.map(named));
    const shouldBe = sorted(wanted.map(named));
    if (there.join("\n") !== shouldBe.join("\n")) {
      found.push(`the zone's ${table} are\n${there.join("\n")}\n  not\n${shouldBe.join("\n")}`);
    }
  }
  return found;
}

async function tablesFollow(
  { kpis }: Outside,
  plan: Plan,
  records: readonly SourceRecord[],
  dropped: ReadonlyMap<string, Dropped>,
): Promise<string[]> {
  const listens = new Map<string, Listen>();
  for (const { row } of takenRows("streams", records, dropped)) {
    const listen = listenOf(row);
    listens.set(Object.values(listen).join("\n"), listen);
  }
  const catalogue = catalogueOf(takenRows("songs", records, dropped));
  const wanted = computeTables(listens.values(), catalogue);
  const found: string[] = [];
  for (const table of plan.tables) {
    const there = sorted(
      (await Array.fromAsync(kpis.scan(table))).map((row) => shown(row as Item)),
    );
    const shouldBe = sorted(wanted[table.name as keyof typeof wanted].map(shown));
    if (there.join("\n") !== shouldBe.join("\n")) {
      found.push(`${table.name} has\n${there.join("\n")}\n  not\n${shouldBe.join("\n")}`);
    }
  }
  return found;
}

function takenRows(
  table: Dataset,
  records: readonly SourceRecord[],
  dropped: ReadonlyMap<string, Dropped>,
): ReferenceRow[] {
  return records.flatMap((record) => {
    const { sourceId, intake, state, dataset } = record;
    const source = dropped.get(sourceId);
    if (dataset !== table || state !== "accepted" || source === undefined) return [];
    const reading = readingOf(source, record);
    return reading.refused === null ? reading.rows.map((row) => ({ row, sourceId, intake })) : [];
  });
}

async function textAt(store: ObjectStore, key: string): Promise<string | undefined> {
  try {
    return await text((await store.get(key)).body);
  } catch (error) {
    if (ToplineError.is(error, "OBJECT_NOT_FOUND")) return undefined;
    throw error;
  }
}

async function linesBelow(store: ObjectStore, prefix: string): Promise<number> {
  let lines = 0;
  for await (const { key } of store.list(prefix)) {
    lines += ((await textAt(store, key)) ?? "").split("\n").length - 1;
  }
  return lines;
}

const sorted = (texts: readonly string[]): string[] => [...new Set(texts)].sort();

const named = ({ row, sourceId }: ReferenceRow): string => [...row.values(), sourceId].join();

const shown = (item: Item): string =>
  Object.entries(item)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(" ");
