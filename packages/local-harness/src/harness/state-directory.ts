import { join } from "node:path";

/** What lies in a state directory. `s3`, `dynamodb`, `glue` and `lambda` are the state; the rest is the running harness's. */
export interface StateDirectory {
  readonly path: string;
  readonly s3: string;
  readonly dynamodb: string;
  readonly glue: string;
  readonly lambda: string;
  /** How to reach the harness that runs, if one does. */
  readonly record: string;
  /** Locked by the running harness for as long as it lives; its content means nothing. */
  readonly lock: string;
  readonly log: string;
  /** How far a harness is that comes up slowly. */
  readonly progress: string;
}

export function stateDirectory(path: string): StateDirectory {
  return {
    path,
    s3: join(path, "s3"),
    dynamodb: join(path, "dynamodb"),
    glue: join(path, "glue"),
    lambda: join(path, "lambda"),
    record: join(path, "harness.json"),
    lock: join(path, "harness.lock"),
    log: join(path, "harness.log"),
    progress: join(path, "harness.progress"),
  };
}
