import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Dataset, ZONE_TABLES, zoneFolder } from "../../packages/core/src/index.ts";
import { Database } from "../../packages/kpi-engine/src/duckdb/database.ts";
import { identifier } from "../../packages/kpi-engine/src/duckdb/quoting.ts";
import { buildPlan, duckdbEngine } from "../../packages/kpi-engine/src/index.ts";
import type { FaultCall } from "../../packages/local-harness/src/faults/index.ts";
import { attempt, type Enumerating, MODES, record, type Recording, told } from "./enumeration.ts";
import { HISTORY } from "./history.ts";
import type { Outside } from "./world.ts";

/**
 * The same with the engine itself, where it is at work: at every call of a transform that changes something. To die
 * at one that changes nothing leaves a world that another has left already.
 */

const plan = buildPlan({ kpis: [] });

let directory = "";
let database: Database;
let enumerating: Enumerating;
let recordings: readonly Recording[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "topline-faults-"));
  database = await Database.open({ directory, threads: 1 });
  enumerating = {
    plan,
    player: {
      plan,
      engineOver: ({ store }) => duckdbEngine({ store, tempDirectory: directory, threads: 1 }),
    },
    rowsOf,
  };
  recordings = await record(HISTORY, enumerating);
});
afterAll(async () => {
  database?.[Symbol.dispose]();
  await rm(directory, { recursive: true, force: true, maxRetries: 20 });
});

let copies = 0;

/** Every row as text, with the date of its partition; `intake` is a token, and differs. */
async function rowsOf(
  { store }: Pick<Outside, "store">,
  table: Dataset,
  paths: readonly string[],
): Promise<string[]> {
  const columns = ZONE_TABLES[table].columns.filter(({ name }) => name !== "intake");
  const cells = columns.map(({ name }) => `CAST(${identifier(name)} AS VARCHAR)`).join(", ");
  const rows: string[] = [];
  for (const path of paths) {
    const copy = join(directory, `${copies++}.parquet`);
    await writeFile(copy, await buffer((await store.get(zoneFolder(table) + path)).body));
    const sql = `SELECT [${cells}]::VARCHAR AS cells FROM read_parquet(?, hive_partitioning = false)`;
    const found = await database.rows(`the rows of ${path}`, sql, [copy]);
    const partition = path.split("/").slice(0, -1).join("/");
    rows.push(...found.map((row) => `${partition} ${String(row["cells"])}`));
    await rm(copy);
  }
  return rows;
}

const CHANGES = new Set(["put", "copy", "delete", "publish", "moveCursor"]);

/** From the first word of a transform to its last, in every run of the episode. */
function changesOfTransforms(calls: readonly FaultCall[]): FaultCall[] {
  let isAtWork = false;
  return calls.filter((call) => {
    const isPart = call.action === "put" && call.resource.endsWith("/transform.json");
    const isMeant = (isAtWork || isPart) && CHANGES.has(call.action);
    if (isPart) isAtWork = !isAtWork;
    return isMeant;
  });
}

describe.each(HISTORY.map(({ name }, i) => ({ name, i })))("$name", ({ i }) => {
  test.each([
    ["crash after", "another"],
    ["fails once", "the same"],
  ] as const)(
    "a change in a transform that meets: %s",
    { timeout: 600_000 },
    async (mode, successor) => {
      const recording = recordings[i]!;
      const calls = changesOfTransforms(recording.calls);
      const isOf = (pattern: RegExp) => calls.some(({ resource }) => pattern.test(resource));
      expect(isOf(/^processed\/streams\/date=/)).toBe(true);
      expect(isOf(/^processed\/streams\/_delta_log\//)).toBe(true);
      expect(calls.filter(({ action }) => action === "publish").length).toBeGreaterThan(2);
      const objected: string[] = [];
      for (const call of calls) {
        const trial = await attempt(recording, call, MODES[mode](call)!, successor, enumerating);
        if (trial.objections.length > 0) objected.push(told(trial));
      }
      expect(objected).toEqual([]);
    },
  );
});

test("the zone holds what it should hold", () => {
  const { zone } = recordings.at(-1)!.expected;
  const listens = new Set(zone["streams"]!.map((row) => row.replace(/, [0-9a-f]{16}\]$/, "]")));
  expect([...listens].sort()).toEqual([
    "date=2024-06-25 [u1, t1, '2024-06-25 10:00:00+00']",
    "date=2024-06-25 [u2, t1, '2024-06-25 11:00:00+00']",
    "date=2024-06-25 [u2, t2, '2024-06-25 23:00:00+00']",
    "date=2024-06-26 [u1, t2, '2024-06-26 09:00:00+00']",
    "date=2024-06-27 [u1, t3, '2024-06-27 08:00:00+00']",
    "date=2024-06-27 [u2, t3, '2024-06-27 09:00:00+00']",
  ]);
});
