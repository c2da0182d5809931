import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { type Finding, lacking, type Machine, present } from "./finding.ts";
import { isAtLeast } from "./program.ts";

const LEAST_NODE = "22.13";

const NODE = { name: "node", needed_for: "everything" } as const;
const STATE = {
  name: "state",
  needed_for: "the embedded backend (default): its S3 and DynamoDB",
} as const;
const AWS = {
  name: "aws",
  needed_for: "the external backend: credentials",
} as const;

export async function probeNode(): Promise<Finding> {
  const there = { version: process.versions.node, path: process.execPath };
  if (isAtLeast(there.version, LEAST_NODE)) return present(NODE, there);
  return lacking(NODE, `${there.version} is too old. Install Node ${LEAST_NODE} or later.`, there);
}

/** Whether the state can be kept where it is to be kept. Makes nothing there. */
export async function probeState({ stateDirectory }: Machine): Promise<Finding> {
  const path = resolve(stateDirectory);
  try {
    const nearest = await nearestPresent(path);
    if (!(await stat(nearest)).isDirectory()) throw new Error(`${nearest} is no directory`);
    await access(nearest, constants.W_OK | constants.X_OK);
    return present(STATE, { path });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const remedy = `It cannot be written: ${why}. Choose another directory with --state or TOPLINE_STATE.`;
    return lacking(STATE, remedy, { path });
  }
}

/** The path itself, or the nearest directory above it that is there. */
async function nearestPresent(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    try {
      await stat(at);
      return at;
    } catch (error) {
      const isAbsent = (error as NodeJS.ErrnoException).code === "ENOENT";
      if (!isAbsent || at === dirname(at)) throw error;
    }
  }
}

/** Variables that lead an AWS SDK to credentials; their values are looked at by nobody here. */
const CREDENTIAL_VARIABLES = [
  "AWS_ACCESS_KEY_ID",
  "AWS_PROFILE",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

/** Whether an AWS SDK would find credentials, told by the presence of variables and files alone. */
export async function probeAws({ env }: Machine): Promise<Finding> {
  if (CREDENTIAL_VARIABLES.some((name) => (env[name] ?? "") !== "")) return present(AWS);
  const folder = join(env["HOME"] ?? homedir(), ".aws");
  const files = [
    env["AWS_SHARED_CREDENTIALS_FILE"] ?? join(folder, "credentials"),
    env["AWS_CONFIG_FILE"] ?? join(folder, "config"),
  ];
  for (const path of files) {
    const canRead = access(path, constants.R_OK).then(
      () => true,
      () => false,
    );
    if (await canRead) return present(AWS, { path });
  }
  return lacking(
    AWS,
    "There are no credentials in the environment and no ~/.aws. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; for another S3 or DynamoDB also AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL_DYNAMODB.",
  );
}
