import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Database } from "../src/duckdb/database.ts";

test("where memory does not suffice, the fault says what the user can do, and not what only DuckDB's could", async () => {
  const directory = await mkdtemp(join(tmpdir(), "topline-test-"));
  try {
    using db = await Database.open({ directory, memoryLimit: "8MB" });
    const wide = "SELECT string_agg(repeat('x', 1000), '') FROM range(100000)";
    const fault = await db.rows("a wide text", wide).catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: "ENGINE_FAILED" });
    const { message } = fault as Error;
    expect(message).toMatch(/^DuckDB failed at a wide text: Out of Memory Error: /);
    expect(message).toMatch(/ Raise memoryLimit, or give the process more memory\.$/);
    expect(message).not.toMatch(/\n|SET threads|duckdb\.org/);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
