export const PROBES = [
  "node",
  "state",
  "duckdb",
  "dynoxide",
  "dynamodb-local",
  "docker",
  "java",
  "maven",
  "python",
  "uv",
  "chromium",
  "deno",
  "aws",
] as const;
export type ProbeName = (typeof PROBES)[number];

/** What a probe found. The names are those of `topline doctor --json`: a contract. */
export interface Finding {
  readonly name: ProbeName;
  /** It is there, works, and is new enough. */
  readonly found: boolean;
  /** Of what is there, also where that does not do. */
  readonly version: string | null;
  readonly path: string | null;
  readonly needed_for: string;
  /** What is wrong and how to get it; null where it is found. */
  readonly remedy: string | null;
}

/** Where a probe looks. */
export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Such as `linux-x64`. */
  readonly platform: string;
  readonly stateDirectory: string;
  /** For each program that is asked. */
  readonly timeoutMs: number;
  /** Ends what is being asked. */
  readonly signal?: AbortSignal;
}

type What = Pick<Finding, "name" | "needed_for">;
type There = Partial<Pick<Finding, "version" | "path">>;

export function present({ name, needed_for }: What, there: There = {}): Finding {
  const { version = null, path = null } = there;
  return { name, found: true, version, path, needed_for, remedy: null };
}

/** @param remedy what is wrong, then how to get it */
export function lacking({ name, needed_for }: What, remedy: string, there: There = {}): Finding {
  const { version = null, path = null } = there;
  return { name, found: false, version, path, needed_for, remedy };
}
