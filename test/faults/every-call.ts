import process from "node:process";
import { table } from "table";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildPlan } from "../../packages/kpi-engine/src/index.ts";
import type { FaultCall } from "../../packages/local-harness/src/faults/index.ts";
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
import type { Episode } from "./history.ts";
import { modelEngine, readZoneRows } from "./model-engine.ts";

/** Every call of episodes meets every kind of fault, with the model where the engine stands. */

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
/**
 * Plays `before`, and tries every call of the episodes after it.
 * @param fewestCalls that an episode makes
 * @param services that each of them calls
 * @returns the recordings of those episodes, once tests run
 */
export function describeEveryCall(
  before: readonly Episode[],
  episodes: readonly Episode[],
  {
    fewestCalls,
    services = ["kpis", "ledger", "store"],
  }: { readonly fewestCalls: number; readonly services?: readonly string[] },
): () => readonly Recording[] {
  const counts = new Map<string, Counts>();
  let recordings: readonly Recording[] = [];
  beforeAll(async () => {
    const all = await record([...before, ...episodes], enumerating);
    recordings = all.slice(before.length);
  });

  describe.each(episodes.map(({ name }, i) => ({ name, i })))("$name", ({ name, i }) => {
    test("makes calls of every kind", () => {
      const called = new Set(recordings[i]!.calls.map(({ service }) => service));
      expect([...called].sort()).toEqual(services);
      expect(recordings[i]!.calls.length).toBeGreaterThan(fewestCalls);
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

  return () => recordings;
}

interface Counts {
  readonly tried: number;
  readonly equal: number;
  readonly wentOn: number;
}
