import { expect, test } from "vitest";
import { emptyModel } from "../model/model.ts";
import { describeEveryCall } from "./every-call.ts";
import { HISTORY } from "./history.ts";

/**
 * Every external call of a small, complete history is a place to die, to fail at, and to lose an answer. Whatever
 * befalls it there, the run after it ends in the state of a history in which nothing went wrong.
 *
 * The model stands where the engine stands, so that all of it can be tried; `with-duckdb.test.ts` has the engine.
 */

const recordings = describeEveryCall([], HISTORY, { fewestCalls: 100 });

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
  const { tables } = recordings().at(-1)!.expected;
  for (const [table, rows] of Object.entries(model.tables())) {
    const found = tables[table]!.map((row) => JSON.parse(row) as object);
    expect(items(found), table).toEqual(items(rows as readonly object[]));
  }
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
