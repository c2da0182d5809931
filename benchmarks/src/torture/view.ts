import { describeMachine } from "../machine.ts";
import { plainTable } from "../plain-table.ts";
import type { TortureBenchmark } from "./bench.ts";

/** The benchmark for a person. */
export function describeTorture({
  measured_at,
  machine,
  scale,
  results,
  faults,
}: TortureBenchmark): string {
  const head = ["case", "files", "MB", "accepted", "quarantined", "refused", "s", "peak MiB"];
  const rows = results.map((result) => [
    result.name,
    String(result.files),
    (result.bytes / 1e6).toFixed(1),
    String(result.accepted),
    String(result.quarantined),
    Object.keys(result.rejected).join(" ") || "-",
    result.seconds.toFixed(1),
    (result.peak_bytes / 2 ** 20).toFixed(0),
  ]);
  const harness = Math.max(0, ...results.map((result) => result.harness_peak_bytes));
  return [
    `${measured_at.slice(0, 10)}: each case a drop and a run${scale === 1 ? "" : `, sizes and numbers divided by ${scale}`}`,
    describeMachine(machine),
    "",
    plainTable([head, ...rows]),
    faults.length === 0
      ? "Records were accepted + quarantined in every file that was taken."
      : ["Not as it must be:", ...faults].join("\n"),
    `The S3 and DynamoDB of the harness had at most ${(harness / 2 ** 20).toFixed(0)} MiB resident.`,
  ].join("\n");
}
