import type { Arguments } from "../records.ts";
import { unavailable } from "./unavailable.ts";

/** What a job's parameters say to Glue, and what they say to its script. */
export interface Parameters {
  /** `name=value`, in their order. */
  readonly conf: readonly string[];
  /** `s3://…`, for Python's path. */
  readonly pythonFiles: readonly string[];
  /** `s3://…`, for Java's class path. */
  readonly jars: readonly string[];
  /** `s3://…`, for the working directory. */
  readonly files: readonly string[];
  /** Overrides the job's own. */
  readonly script: string | undefined;
  /** `--name value …` */
  readonly forScript: readonly string[];
}

/** Glue's own, which a script has no use for. */
const FOR_GLUE = new Set([
  "--conf",
  "--extra-py-files",
  "--extra-jars",
  "--extra-files",
  "--scriptLocation",
  "--job-language",
  "--class",
  "--user-jars-first",
  "--debug",
  "--mode",
  "--JOB_NAME",
]);

/**
 * As Glue reads them: what is Glue's is taken out, all else goes to the script.
 * @throws {ToplineError} `ENGINE_UNAVAILABLE` for what the embedded Glue cannot do and cannot leave out
 */
export function readParameters(given: Arguments): Parameters {
  for (const name of ["--additional-python-modules", "--python-modules-installer-option"]) {
    if ((given[name] ?? "") === "") continue;
    throw unavailable(
      `The embedded Glue installs no ${name}: its jobs have boto3 and what --extra-py-files brings. Put pure Python into a zip or a wheel and name it there.`,
    );
  }
  if ((given["--job-language"] ?? "python") !== "python") {
    throw unavailable("The embedded Glue runs scripts in Python: --job-language must be python.");
  }
  const others = Object.entries(given).filter(([name]) => !FOR_GLUE.has(name));
  return {
    conf: confOf(given["--conf"]),
    pythonFiles: list(given["--extra-py-files"]),
    jars: list(given["--extra-jars"]),
    files: list(given["--extra-files"]),
    script: given["--scriptLocation"],
    forScript: others.flat(),
  };
}

const list = (value = ""): string[] =>
  value
    .split(",")
    .map((item) => item.trim())
    .filter(Boolean);

/** One setting, or several with `--conf` between them: the usual way round Glue's one `--conf`. */
const confOf = (value = ""): string[] =>
  value
    .split(/(?:^|\s)--conf\s+/)
    .map((setting) => setting.trim())
    .filter(Boolean);
