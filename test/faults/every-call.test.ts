import process from "node:process";
import { table } from "table";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FaultCall } from "../../packages/local-harness/src/faults/index.ts";
import { buildPlan } from "../../packages/kpi-engine/src/index.ts";
import { emptyModel } from "../model/model.ts";
import {
  attempt,
  type Enumerating,
  goOn,
  type Mode,
  MODES,
  record,
  type Recording,
  type Successor,
  told,
} from "./enumeration.ts";
import { HISTORY } from "./history.ts";
import { modelEngine, readZoneRows } from "./model-engine.ts";

/**
 * Every external call of a small, complete history is a place to die, to fail at, and to lose an answer. Whatever
 * befalls it there, the run after it ends in the state of a history in which nothing went wrong.
 *
 * The model stands where the engine stands, so that all of it can be tried; `with-duckdb.test.ts` has the engine.
 */

const plan = buildPlan({ kpis: [] });

const enumerating: Enumerating = {
  plan,
  player: { plan, engineOver: ({ store }) => modelEngine(store) },
  rowsOf: async ({ store }, table, paths) => {
    const rows = await readZoneRows(
      store,
      table,
      paths.map((path) => ({ path })),
    );
    return rows.map(({ row, sourceId }) => [...row.values(), sourceId].join());
  },
};

interface Column {
  readonly mode: Mode;
  readonly successor: Successor;
  /** Then the rest of the history goes by, too. */
  readonly toTheEnd: boolean;
}

const COLUMNS: Readonly<Record<string, Column>> = {
  "crash before": { mode: "crash before", successor: "another", toTheEnd: false },
  "crash after": { mode: "crash after", successor: "another", toTheEnd: true },
  "crash after, the same run again": {
    mode: "crash after",
    successor: "the same",
    toTheEnd: false,
  },
  "fails once": { mode: "fails once", successor: "the same", toTheEnd: false },
  "answer lost once": { mode: "answer lost once", successor: "the same", toTheEnd: false },
  "fails for ever": { mode: "fails for ever", successor: "another", toTheEnd: false },
  "body breaks": { mode: "body breaks", successor: "the same", toTheEnd: false },
};
const counts = new Map<string, Counts>();

let recordings: readonly Recording[] = [];
beforeAll(async () => {
  recordings = await record(HISTORY, enumerating);
});

test("undisturbed, the history ends as the model says", () => {
  const model = emptyModel();
  const inboxes = HISTORY.flatMap(({ files, meanwhile }) => [files, meanwhile ?? {}]);
  for (const [i, files] of inboxes.entries()) {
    const drops = Object.entries(files).map(([name, content]) => ({
      key: `raw-data/${name}`,
      bytes: new TextEncoder().encode(content),
      sourceId: `${i} ${name}`,
    }));
    model.run({ intake: BigInt(i), files: drops });
  }
  const items = (rows: readonly object[]) => rows.map((row) => withNumbers(row)).sort(byText);
  const { tables } = recordings.at(-1)!.expected;
  for (const [table, rows] of Object.entries(model.tables())) {
    const found = tables[table]!.map((row) => JSON.parse(row) as object);
    expect(items(found), table).toEqual(items(rows as readonly object[]));
  }
});

describe.each(HISTORY.map(({ name }, i) => ({ name, i })))("$name", ({ name, i }) => {
  test("makes calls of every kind", () => {
    const services = new Set(recordings[i]!.calls.map(({ service }) => service));
    expect([...services].sort()).toEqual(["kpis", "ledger", "store"]);
    expect(recordings[i]!.calls.length).toBeGreaterThan(100);
  });

  test.each(Object.entries(COLUMNS))(
    "a call that meets: %s",
    { timeout: 600_000 },
    async (column, { mode, successor, toTheEnd }) => {
      const recording = recordings[i]!;
      const objected: string[] = [];
      let tried = 0;
      let wentOn = 0;
      for (const call of recording.calls) {
        const rule = MODES[mode](call);
        if (rule === undefined) continue;
        const { world, ...trial } = await attempt(recording, call, rule, successor, enumerating);
        const later = toTheEnd ? await goOn(world, recordings.slice(i + 1), enumerating) : [];
        const objections = [...trial.objections, ...later];
        tried++;
        if (trial.wentOn) wentOn++;
        if (objections.length > 0) objected.push(told({ ...trial, objections }));
      }
      counts.set(`${name} ${column}`, { tried, equal: tried - objected.length, wentOn });
      const isMeant = ({ action }: FaultCall) => mode !== "body breaks" || action === "get";
      expect(tried).toBe(recording.calls.filter(isMeant).length);
      expect(objected).toEqual([]);
    },
  );
});

interface Counts {
  readonly tried: number;
  readonly equal: number;
  readonly wentOn: number;
}

afterAll(() => {
  const columns = Object.keys(COLUMNS);
  const rows = [["episode", "calls", ...columns]];
  for (const { episode, calls } of recordings) {
    const row = [episode.name, String(calls.length)];
    for (const column of columns) {
      const found = counts.get(`${episode.name} ${column}`);
      row.push(found === undefined ? "-" : `${found.equal} of ${found.tried} (${found.wentOn})`);
    }
    rows.push(row);
  }
  process.stdout.write(
    `\nCalls after which the world ended equal, of those tried (in brackets: the process ended by itself)\n${table(rows, { columnDefault: { width: 18, wrapWord: true } })}`,
  );
});

const withNumbers = (row: object) =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]: [string, unknown]) => [
      name,
      typeof value === "bigint" ? Number(value) : value,
    ]),
  );

const byText = (a: object, b: object) => (text(a) < text(b) ? -1 : 1);
const text = (row: object) => JSON.stringify(row, Object.keys(row).sort());
