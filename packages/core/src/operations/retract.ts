import type { PipelineContext } from "../pipeline/ports.ts";
import { publish } from "../pipeline/publish.ts";
import { operate, type OperationOptions, outcomeOf } from "./operation.ts";
import type { RetractReport } from "./report.ts";
import { findSource, sourceNamed } from "./sources.ts";
import { changeTable } from "./zone-change.ts";

export interface RetractOptions extends OperationOptions {
  /** A source id, or the key under which it came. */
  readonly source: string;
}

/**
 * Takes all rows of one source out of the zone, and publishes. Its raw file stays in the archive, its rejected rows in
 * the quarantine. The ledger says that the source is retracted before any row leaves, so that from then on nothing
 * brings its rows back but the same file in the inbox. A repetition finds no row of it, and publishes.
 *
 * @throws {ToplineError} `SOURCE_NOT_FOUND`; `SOURCE_AMBIGUOUS`; `RUN_OPEN`; `AUDIT_FAILED`
 */
export function retract(
  ports: PipelineContext,
  { source: name, ...options }: RetractOptions,
): Promise<RetractReport> {
  return operate(ports, "retract", options, async (operation) => {
    const { context, held, session } = operation;
    const { ledger, plan } = context;
    const source = await findSource(ledger, name);
    const { sourceId, dataset, state } = source;
    const warnings: string[] = [];
    if (state === "accepted") {
      await ledger.recordSources([{ ...source, state: "retracted" }], held.lease);
    }
    const choice = { column: "source_id", values: [sourceId] } as const;
    const change = await changeTable(operation, dataset, ({ files }, stem) =>
      session.withoutRows(dataset, files, choice, { stem }),
    );
    const published = await publish(context, held, session, plan, await ledger.cursor());
    if (change === undefined) warnings.push(`The zone had no row of ${source.key} (${sourceId}).`);
    return {
      source: sourceNamed(source),
      rows: change === undefined ? 0n : change.rows_removed - change.rows_added,
      ...outcomeOf(published, change === undefined ? [] : [change], warnings),
    };
  });
}
