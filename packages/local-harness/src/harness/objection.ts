import { ToplineError } from "@topline/core/errors";
import type { HarnessBackend } from "./backend.ts";
import type { Request } from "./messages.ts";
import type { RunningParts } from "./parts.ts";

/** Why a running harness cannot be what a user asks for. In use, it stays as it is; else it makes way. */
export function objectTo(
  { backend, dynamodb, reuse, s3Port }: Request,
  running: HarnessBackend,
  { s3, dynamodbKind, containers }: Pick<RunningParts, "s3" | "dynamodbKind" | "containers">,
): ToplineError | undefined {
  if (backend !== running) {
    return refusal(
      `The ${backend} backend was asked for, but the running harness of this state directory has the ${running} one and is in use. End its users first, or ask for --backend ${running}, or name another state directory.`,
    );
  }
  if (s3Port !== undefined && s3Port !== Number(new URL(s3).port)) {
    return refusal(
      `S3 was asked for on port ${s3Port}, but the running harness of this state directory has it at ${s3} and is in use. End its users first, or ask for no port.`,
    );
  }
  if (dynamodb !== undefined && dynamodbKind !== undefined && dynamodb !== dynamodbKind) {
    return refusal(
      `${dynamodb} was asked for, but the running harness of this state directory has ${dynamodbKind} and is in use. End its users first, or unset TOPLINE_DYNAMODB.`,
    );
  }
  if (reuse && containers?.areKept === false) {
    return refusal(
      "Containers that stay were asked for, but the running harness of this state directory will remove its own, and is in use. End its users first, or do not ask for reuse.",
    );
  }
  return undefined;
}

const refusal = (message: string) => new ToplineError("HARNESS_UNAVAILABLE", message);
