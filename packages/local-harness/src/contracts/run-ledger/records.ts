import { mapConcurrently, type Cursor, type SourceRecord } from "@topline/core";
import { expect } from "vitest";
import { cursor, run, source, sourcesOf, type LedgerTest } from "./ledger-test.ts";

export function describeState(ledgerTest: LedgerTest): void {
  ledgerTest("one run is open, until it is closed", async ({ ledger }) => {
    const lease = await ledger.acquire("a", 30);
    expect(await ledger.openRun()).toBeUndefined();
    await ledger.open("run-1", lease);
    await ledger.open("run-1", lease);
    expect(await ledger.openRun()).toBe("run-1");
    await ledger.close("run-0", lease);
    expect(await ledger.openRun()).toBe("run-1");
    await ledger.close("run-1", lease);
    await ledger.close("run-1", lease);
    expect(await ledger.openRun()).toBeUndefined();
  });

  ledgerTest("it stays open when the lease ends", async ({ ledger }) => {
    const lease = await ledger.acquire("a", 30);
    await ledger.open("run-1", lease);
    await ledger.release(lease);
    expect(await ledger.openRun()).toBe("run-1");
  });

  ledgerTest("the cursor is where it was last moved to", async ({ ledger }) => {
    const lease = await ledger.acquire("a", 30);
    expect(await ledger.cursor()).toBeUndefined();
    await ledger.moveCursor(cursor(3), lease);
    expect(await ledger.cursor()).toEqual(cursor(3));
    const empty: Cursor = { zone: { songs: -1, users: -1, streams: 0 }, planHash: "b".repeat(64) };
    await ledger.moveCursor(empty, lease);
    expect(await ledger.cursor()).toEqual(empty);
  });
}

export function describeRuns(ledgerTest: LedgerTest): void {
  ledgerTest("a run is kept whole, and replaced by its next summary", async ({ ledger }) => {
    const lease = await ledger.acquire("a", 30);
    expect(await ledger.get("run-1")).toBeUndefined();
    const open = run("run-1", { status: "open", finished_at: null, error: null });
    await ledger.record(open, lease);
    expect(await ledger.get("run-1")).toEqual(open);
    const failed = run("run-1", {
      status: "failed",
      error: "AUDIT_FAILED: “…” #1",
      accepted: 2n ** 64n,
      quarantined: 10n ** 38n - 1n,
    });
    await ledger.record(failed, lease);
    expect(await ledger.get("run-1")).toEqual(failed);
    await ledger.record(open, lease);
    expect(await Array.fromAsync(ledger.list())).toEqual([open]);
  });

  ledgerTest("runs are listed by when they began, newest first", async ({ ledger }) => {
    const lease = await ledger.acquire("a", 30);
    await ledger.open("run-9", lease);
    await ledger.recordSources([source("1")], lease);
    const hours = ["10", "23", "09", "00"];
    for (const hour of hours) {
      const started_at = `2024-06-25T${hour}:00:00.000Z`;
      await ledger.record(run(`z${24 - Number(hour)}`, { started_at }), lease);
    }
    const listed = await Array.fromAsync(ledger.list());
    expect(listed.map((summary) => summary.started_at.slice(11, 13))).toEqual([
      "23",
      "10",
      "09",
      "00",
    ]);
  });

  ledgerTest("a list of more than a megabyte comes whole", async ({ ledger }) => {
    const lease = await ledger.acquire("a", 600);
    const minutes = Array.from({ length: 60 }, (_, index) => String(index).padStart(2, "0"));
    await mapConcurrently(minutes, 4, (minute) =>
      ledger.record(
        run(`run-${minute}`, {
          started_at: `2024-06-25T10:${minute}:00.000Z`,
          error: minute.repeat(10_000),
        }),
        lease,
      ),
    );
    const listed = await Array.fromAsync(ledger.list());
    expect(listed.map((summary) => summary.run_id)).toEqual(
      minutes.toReversed().map((minute) => `run-${minute}`),
    );
  });
}

export function describeSources(ledgerTest: LedgerTest): void {
  ledgerTest("a source is kept whole, and replaced by its next record", async ({ ledger }) => {
    const lease = await ledger.acquire("a", 30);
    expect(await ledger.source("1")).toBeUndefined();
    const accepted = source("1", { key: 'raw-data/streams/a b#"1".csv', intake: 2n ** 60n + 1n });
    await ledger.recordSources([accepted], lease);
    expect(await ledger.source("1")).toEqual(accepted);
    const retracted: SourceRecord = { ...accepted, state: "retracted" };
    await ledger.recordSources([source("2"), retracted], lease);
    expect(await ledger.source("1")).toEqual(retracted);
    expect(await sourcesOf(ledger)).toEqual([retracted, source("2")]);
  });

  ledgerTest("any number is recorded in one call, none included", async ({ ledger }) => {
    const lease = await ledger.acquire("a", 600);
    await ledger.recordSources([], lease);
    expect(await sourcesOf(ledger)).toEqual([]);
    const ids = Array.from({ length: 250 }, (_, index) => String(index).padStart(3, "0"));
    const records = ids.map((id) => source(id));
    await ledger.recordSources(records, lease);
    expect(await sourcesOf(ledger)).toEqual(records);
  });

  ledgerTest("of two records of one source the later stays", async ({ ledger }) => {
    const lease = await ledger.acquire("a", 30);
    const later = source("1", { state: "rejected" });
    await ledger.recordSources([source("1"), later], lease);
    expect(await sourcesOf(ledger)).toEqual([later]);
  });
}
