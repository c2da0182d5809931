/** What of the packages' suites the run on Deno leaves out, and why. `left-out.test.ts` keeps it true. */

export interface LeftOut {
  /** A pattern of paths in the repository. */
  readonly files: string;
  readonly why: string;
}

export const LEFT_OUT: readonly LeftOut[] = [
  {
    files: "packages/local-harness/test/containers*.test.ts",
    why: "Docker, containers and images are testcontainers' work, in a process that Deno gives all permissions; they take minutes, and nothing of Topline's in them depends on the runtime.",
  },
  {
    files: "packages/local-harness/test/clients/{hadoop,python}.test.ts",
    why: "Java's and Python's clients take minutes; the AWS SDK's suites show the same server at work on Deno.",
  },
  {
    files: "packages/local-harness/test/glue-spark.test.ts",
    why: "Spark jobs take minutes; their processes, and what they are told, are the same: `glue-server.test.ts` shows the endpoint on Deno.",
  },
  {
    files: "packages/local-harness/test/harness-loads.test.ts",
    why: "Which modules are loaded is the sources' business, and told by Node's hooks.",
  },
];

/**
 * The rows of `test/backends` that run on Deno. The others hold the same clients to the same contracts at other
 * servers: what the runtime changes, one row shows.
 */
export const BACKENDS_ON_DENO: readonly string[] = ["embedded"];
