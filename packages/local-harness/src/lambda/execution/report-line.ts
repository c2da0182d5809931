export interface ReportFields {
  readonly requestId: string;
  readonly durationMs: number;
  /** Of an environment's first invocation. */
  readonly initMs: number | undefined;
  /** Those that the function is said to have. */
  readonly memoryMb: number;
  /** 0: nobody knows. */
  readonly peakMb: number;
  readonly status: string;
}

const STATUS: Readonly<Record<string, string>> = {
  ended: "Status: error\tError Type: Runtime.ExitError",
  late: "Status: timeout",
};

/** As Lambda ends what it logs of an invocation. */
export function reportLine(fields: ReportFields): string {
  const { requestId, durationMs, initMs, memoryMb, peakMb, status } = fields;
  const parts = [
    `REPORT RequestId: ${requestId}`,
    `Duration: ${durationMs.toFixed(2)} ms`,
    `Billed Duration: ${Math.ceil(durationMs + (initMs ?? 0))} ms`,
    `Memory Size: ${memoryMb} MB`,
    ...(peakMb === 0 ? [] : [`Max Memory Used: ${peakMb} MB`]),
    ...(initMs === undefined ? [] : [`Init Duration: ${initMs.toFixed(2)} ms`]),
    ...(STATUS[status] === undefined ? [] : [STATUS[status]]),
  ];
  return parts.join("\t");
}
