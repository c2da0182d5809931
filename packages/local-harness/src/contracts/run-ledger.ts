import { describe } from "vitest";
import { describeFence } from "./run-ledger/fence.ts";
import { describeLease, describeToken } from "./run-ledger/lease.ts";
import { ledgerTestOver, type RunLedgerBackend } from "./run-ledger/ledger-test.ts";
import { describeRuns, describeSources, describeState } from "./run-ledger/records.ts";

export type { ContractClock, OpenRunLedger, RunLedgerBackend } from "./run-ledger/ledger-test.ts";

/** Registers the tests of the `RunLedger` port. */
export function describeRunLedger(name: string, backend: RunLedgerBackend): void {
  const ledgerTest = ledgerTestOver(backend);
  describe(`run ledger: ${name}`, () => {
    describe("lease", () => {
      describeLease(ledgerTest);
    });
    describe("token", () => {
      describeToken(ledgerTest);
    });
    describe("fence", () => {
      describeFence(ledgerTest);
    });
    describe("open run and cursor", () => {
      describeState(ledgerTest);
    });
    describe("runs", () => {
      describeRuns(ledgerTest);
    });
    describe("sources", () => {
      describeSources(ledgerTest);
    });
  });
}
