/** What emulates AWS: servers of this package, or Docker containers. */
export const HARNESS_BACKENDS = ["embedded", "containers"] as const;
export type HarnessBackend = (typeof HARNESS_BACKENDS)[number];

/** The containers behind a harness, where that is its backend. */
export interface HarnessContainers {
  /** They stay when the harness ends, and their state with them; otherwise they are removed. */
  readonly areKept: boolean;
  /** What finds them: `docker ps --filter label=<label>`. */
  readonly label: string;
}
