import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Deployment, openDeployment } from "../deployment.ts";
import { emptyModel, type Model } from "../model/model.ts";
import { type Case, type Expected, readCases } from "./cases.ts";
import { outcomeOf } from "./outcome.ts";

/** The cases on DuckDB, and against the independent model that knows no engine. */

const cases = readCases();

let first: Deployment;
beforeAll(async () => {
  first = await openDeployment();
});
afterAll(() => first[Symbol.asyncDispose]());

describe.each(cases)("$name: $says", ({ name, drops }) => {
  test("DuckDB leaves what the case expects", async () => {
    await using deployment = await openDeployment(name, first.endpoints);
    for (const { files, expected } of drops) {
      await deployment.deliver(files);
      const report = await deployment.run();
      expect(await outcomeOf(deployment, report)).toEqual(expected);
    }
  });

  test("the model says the same", () => {
    const model = emptyModel();
    const inbox = new Map<string, Case["drops"][number]["files"][number]>();
    for (const [i, { files, expected }] of drops.entries()) {
      for (const file of files) inbox.set(file.key, file);
      const verdict = model.run({ intake: BigInt(i + 1), files: [...inbox.values()] });
      if (verdict.status !== "waiting") inbox.clear();
      expect(verdict.status).toBe(expected.status);
      expect(tablesOf(model)).toEqual(expected.tables);
      const figures = new Map(figuresOf(model).map((one) => [one.date, one]));
      expect(expected.dates).toEqual(expected.dates.map(({ date }) => figures.get(date)));
      if (verdict.status === "waiting") continue;
      expect(Object.fromEntries(verdict.files.map((file) => [file.key, verdictOf(file)]))).toEqual(
        expected.sources,
      );
    }
  });
});

test("there are cases of every kind of verdict", () => {
  const said = cases.flatMap(({ drops }) =>
    drops.flatMap(({ expected: { sources } }) =>
      Object.values(sources).flatMap((source) =>
        "rejected" in source ? [source.rejected] : Object.keys(source.quarantined),
      ),
    ),
  );
  expect(new Set(said)).toEqual(
    new Set([
      "EMPTY_FILE",
      "NOT_TEXT",
      "MISSING_COLUMN",
      "DUPLICATE_COLUMN",
      "DAMAGED_GZIP",
      "TOO_MANY_BAD_ROWS",
      "malformed",
      ...["user_id", "track_id", "listen_time"].map((column) => `missing:${column}`),
      ...["duration_ms", "track_genre"].map((column) => `missing:${column}`),
      ...["listen_time", "artists", "track_name", "duration_ms"].map((name) => `invalid:${name}`),
      ...["user_id", "user_age", "created_at"].map((column) => `invalid:${column}`),
    ]),
  );
});

type ModelFile = ReturnType<Model["run"]>["files"][number];

function verdictOf(file: ModelFile): Expected["sources"][string] | undefined {
  if (file.outcome === "refused") return { rejected: file.code };
  if (file.outcome !== "taken") return undefined;
  const { rows, accepted, quarantined } = file;
  return plain({ rows, accepted, quarantined }) as Expected["sources"][string];
}

const figuresOf = (model: Model) => model.figures().map((one) => plain(one) as typeof one);

const tablesOf = (model: Model) => plain(model.tables());

/** Bigints as numbers, whatever the depth; what is undefined is left out. */
function plain(value: object): object {
  return JSON.parse(
    JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? Number(item) : item)),
  ) as object;
}
