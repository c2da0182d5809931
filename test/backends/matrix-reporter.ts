import process from "node:process";
import { table } from "table";
import type { Reporter, TestModule, TestSuite } from "vitest/node";
import { type BackendRow, ROWS } from "./rows.ts";

const backends: readonly BackendRow[] = Object.values(ROWS);

/** Prints which suite passed on which backend, how many tests that is, and what a backend does otherwise than AWS. */
export default class MatrixReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly { message?: string }[]): void {
    const cells = new Map<string, Map<string, string>>();
    for (const module of modules) {
      for (const error of module.errors()) complain(`${module.relativeModuleId}: ${error.message}`);
      for (const suite of module.children.suites()) {
        const found = placeOf(suite.name);
        if (found === undefined) continue;
        const row = cells.get(found.suite) ?? new Map<string, string>();
        cells.set(found.suite, row.set(found.backend, outcomeOf(suite)));
      }
    }
    for (const error of errors) complain(error.message ?? "An error outside the tests.");
    const names = backends.map(({ name }) => name);
    const rows = [["", ...names]];
    for (const [suite, row] of cells) rows.push([suite, ...names.map((n) => row.get(n) ?? "")]);
    process.stdout.write(table(rows));
    for (const { name, differences } of backends) {
      for (const { lacks, what, evidence, standIn } of differences) {
        const declared = lacks === undefined ? "" : ` (${lacks}: not declared)`;
        process.stdout.write(`${name}: ${what}${declared}\n  ${evidence}\n  ${standIn}\n`);
      }
    }
  }
}

function placeOf(title: string): { readonly suite: string; readonly backend: string } | undefined {
  for (const { name: backend } of backends) {
    const end = ` on ${backend}`;
    if (title.endsWith(end)) return { suite: title.slice(0, -end.length), backend };
  }
  return undefined;
}

function outcomeOf(suite: TestSuite): string {
  const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
  for (const test of suite.children.allTests()) counts[test.result().state] += 1;
  for (const test of suite.children.allTests("failed")) complain(test.fullName);
  const told = Object.entries(counts).filter(([, count]) => count > 0);
  return told.map(([state, count]) => `${count} ${state}`).join(", ");
}

const complain = (message: string) => void process.stderr.write(`FAILED  ${message}\n`);
