import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { dynamoDbLocalPackage } from "../dynamodb/dynamodb-local.ts";
import { type Finding, lacking, type Machine, present } from "./finding.ts";
import { JAVA, probeProgram } from "./programs.ts";

const DYNAMODB_LOCAL = {
  name: "dynamodb-local",
  needed_for:
    "the embedded backend where there is no dynoxide, or with TOPLINE_DYNAMODB=dynamodb-local",
} as const;

/** The package with Amazon's JAR, and a Java that runs it. The version is the package's. */
export async function probeDynamoDbLocal(machine: Machine): Promise<Finding> {
  let path: string;
  try {
    path = dynamoDbLocalPackage();
  } catch (error) {
    return lacking(DYNAMODB_LOCAL, error instanceof Error ? error.message : String(error));
  }
  const { version } = JSON.parse(await readFile(join(path, "package.json"), "utf8")) as {
    readonly version: string;
  };
  const java = await probeProgram(JAVA, machine);
  return java.found
    ? present(DYNAMODB_LOCAL, { version, path })
    : lacking(DYNAMODB_LOCAL, java.remedy ?? "", { version, path });
}
