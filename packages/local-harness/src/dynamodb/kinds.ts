import { ToplineError } from "@topline/core/errors";

/** What serves the embedded backend's DynamoDB: a native binary, or Amazon's DynamoDB Local on Java. */
export const EMBEDDED_DYNAMODBS = ["dynoxide", "dynamodb-local"] as const;
export type EmbeddedDynamo = (typeof EMBEDDED_DYNAMODBS)[number];

/** @throws {ToplineError} `USAGE` when `TOPLINE_DYNAMODB` names neither */
export function chosenDynamo(
  env: Readonly<Record<string, string | undefined>>,
): EmbeddedDynamo | undefined {
  const value = env["TOPLINE_DYNAMODB"] ?? "";
  const chosen = EMBEDDED_DYNAMODBS.find((name) => name === value);
  if (chosen !== undefined || value === "") return chosen;
  throw new ToplineError(
    "USAGE",
    `TOPLINE_DYNAMODB is ${JSON.stringify(value)}. Set it to ${EMBEDDED_DYNAMODBS.join(" or ")}, or leave it unset.`,
  );
}
