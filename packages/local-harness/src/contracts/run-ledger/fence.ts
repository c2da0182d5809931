import type { Lease, RunLedger } from "@topline/core";
import { expect } from "vitest";
import { cursor, HOUR, run, source, sourcesOf, type LedgerTest } from "./ledger-test.ts";

export function describeFence(ledgerTest: LedgerTest): void {
  const calls: Record<string, (ledger: RunLedger, lease: Lease) => Promise<unknown>> = {
    renew: (ledger, lease) => ledger.renew(lease, 600),
    verify: (ledger, lease) => ledger.verify(lease),
    "open another": (ledger, lease) => ledger.open("run-2", lease),
    "close the open one": (ledger, lease) => ledger.close("run-1", lease),
    "close another": (ledger, lease) => ledger.close("run-2", lease),
    moveCursor: (ledger, lease) => ledger.moveCursor(cursor(9), lease),
    "record anew": (ledger, lease) => ledger.record(run("run-2"), lease),
    "record over": (ledger, lease) => ledger.record(run("run-1", { dates: 77 }), lease),
    "recordSources anew": (ledger, lease) => ledger.recordSources([source("2")], lease),
    "recordSources over": (ledger, lease) =>
      ledger.recordSources([source("3"), source("1", { state: "retracted" })], lease),
  };

  for (const [call, make] of Object.entries(calls)) {
    ledgerTest(`${call}: an older lease changes nothing`, async ({ ledger, clock }) => {
      const old = await ledger.acquire("old", 30);
      await ledger.open("run-1", old);
      await ledger.moveCursor(cursor(1), old);
      await ledger.record(run("run-1"), old);
      await ledger.recordSources([source("1")], old);
      clock.advance(30_000);
      const newest = await ledger.acquire("new", 30);
      const before = await everything(ledger);
      await expect(make(ledger, old)).rejects.toMatchObject({
        code: "LEASE_LOST",
        isRetryable: true,
      });
      expect(await everything(ledger)).toEqual(before);
      await ledger.verify(newest);

      await ledger.release(newest);
      const afterRelease = await everything(ledger);
      await expect(make(ledger, old)).rejects.toMatchObject({ code: "LEASE_LOST" });
      expect(await everything(ledger)).toEqual(afterRelease);
    });
  }

  ledgerTest("an older lease releases nothing", async ({ ledger, clock }) => {
    const old = await ledger.acquire("old", 30);
    clock.advance(30_000);
    const newest = await ledger.acquire("new", 30);
    await ledger.release(old);
    expect(await ledger.holder()).toEqual(newest);
  });

  ledgerTest("an expired lease works on until another is given", async ({ ledger, clock }) => {
    const lease = await ledger.acquire("a", 30);
    clock.advance(HOUR);
    await ledger.verify(lease);
    await ledger.open("run-1", lease);
    expect(await ledger.openRun()).toBe("run-1");
  });
}

async function everything(ledger: RunLedger) {
  return {
    holder: await ledger.holder(),
    open: await ledger.openRun(),
    cursor: await ledger.cursor(),
    runs: await Array.fromAsync(ledger.list()),
    sources: await sourcesOf(ledger),
  };
}
