import { createHash } from "node:crypto";
import { arnOf } from "./names.ts";

/** The one that the handlers are run by, whatever Node or Deno that is here. */
export const RUNTIME = "nodejs24.x";

/** A function, as it is written down. */
export interface FunctionRecord {
  readonly name: string;
  readonly role: string;
  readonly description: string;
  /** `module.export`, the module a path below the folder without its extension. */
  readonly handler: string;
  /** Absolute. */
  readonly folder: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  /** ISO 8601. */
  readonly modified: string;
  /** Another one after each change. */
  readonly revision: string;
  readonly tags: Readonly<Record<string, string>>;
  /** What Lambda keeps and this server has no use for. */
  readonly kept: Readonly<Record<string, unknown>>;
}

export const KEPT_DEFAULTS: Readonly<Record<string, unknown>> = {
  Architectures: ["x86_64"],
  EphemeralStorage: { Size: 512 },
  TracingConfig: { Mode: "PassThrough" },
};

export const logGroupOf = (name: string): string => `/aws/lambda/${name}`;

/** As Lambda's API shows it. */
export function configurationOf(record: FunctionRecord, region: string, qualifier?: string) {
  const { name, folder, variables } = record;
  return {
    FunctionName: name,
    FunctionArn: arnOf(region, name, qualifier),
    Runtime: RUNTIME,
    Role: record.role,
    Handler: record.handler,
    // A folder is not packed: it has no size, and what stands for its content is its path.
    CodeSize: 0,
    CodeSha256: createHash("sha256").update(folder).digest("base64"),
    Description: record.description,
    Timeout: record.timeoutSeconds,
    MemorySize: record.memoryMb,
    LastModified: record.modified.replace("Z", "+0000"),
    Version: "$LATEST",
    ...(Object.keys(variables).length === 0 ? {} : { Environment: { Variables: variables } }),
    RevisionId: record.revision,
    State: "Active",
    LastUpdateStatus: "Successful",
    PackageType: "Zip",
    LoggingConfig: { LogFormat: "Text", LogGroup: logGroupOf(name) },
    SnapStart: { ApplyOn: "None", OptimizationStatus: "Off" },
    ...KEPT_DEFAULTS,
    ...record.kept,
  };
}
