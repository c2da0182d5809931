import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@topline/core";
import { memoryObjectStore } from "@topline/core/memory";
import { expect, test } from "vitest";
import { defaultPlan } from "@topline/kpi-engine";
import { openWorkspace, type Workspace } from "../src/duckdb/workspace.ts";

async function withWorkspace(threads: number, use: (work: Workspace) => Promise<void>) {
  const tempDirectory = await mkdtemp(join(tmpdir(), "topline-test-"));
  try {
    await using work = await openWorkspace({
      plan: defaultPlan(),
      store: memoryObjectStore(),
      tempDirectory,
      threads,
      clock: { now: () => new Date(0) },
      logger: silentLogger,
      signal: new AbortController().signal,
    });
    await use(work);
  } finally {
    await rm(tempDirectory, { recursive: true, force: true });
  }
}

const threadsOf = async ({ db }: Workspace) =>
  db.rows("its settings", "SELECT current_setting('threads') AS threads");

/** The most of six pieces of work that were under way at a time. Each lasts until `expected` are. */
async function mostBeside(work: Workspace, expected: number): Promise<number> {
  const enough = Promise.withResolvers<void>();
  let busy = 0;
  let most = 0;
  const pieces = Array.from({ length: 6 }, () =>
    work.beside(async (db) => {
      busy += 1;
      most = Math.max(most, busy);
      if (busy >= expected) enough.resolve();
      await enough.promise;
      await db.run("a query", "SELECT COUNT(*) FROM range(10000)");
      busy -= 1;
    }),
  );
  await Promise.all(pieces);
  return most;
}

test("a statement has one thread, and as many go side by side, until statements may use all", async () => {
  await withWorkspace(3, async (work) => {
    expect(await threadsOf(work)).toEqual([{ threads: 1n }]);
    expect(await mostBeside(work, 3)).toBe(3);
    await work.db.useAllThreads();
    expect(await threadsOf(work)).toEqual([{ threads: 3n }]);
    expect(await mostBeside(work, 1)).toBe(1);
  });
});

test("work that fails leaves its place to the next", async () => {
  await withWorkspace(1, async (work) => {
    const failing = work.beside((db) => db.run("a query", "SELEKT"));
    const next = work.beside((db) => db.rows("a query", "SELECT 1 AS one"));
    await expect(failing).rejects.toThrow(/DuckDB failed at a query/);
    expect(await next).toEqual([{ one: 1 }]);
  });
});

test("a table of one connection is there for the next", async () => {
  await withWorkspace(2, async (work) => {
    await work.beside((db) => db.run("a table", "CREATE TABLE made AS SELECT 1 AS one"));
    expect(await work.beside((db) => db.rows("a table", "FROM made"))).toEqual([{ one: 1 }]);
  });
});
