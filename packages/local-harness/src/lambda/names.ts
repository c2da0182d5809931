import { invalid, LambdaError } from "./errors.ts";
import { violation } from "./input.ts";

/** Of the harness; any client's credentials are of it. */
export const ACCOUNT = "000000000000";
const LATEST = "$LATEST";

/** How a client calls a function: by name, by part of an ARN, or by all of it, with a version behind it or not. */
export interface FunctionReference {
  readonly name: string;
  /** As the client wrote it, or as the query says. */
  readonly qualifier?: string;
}

const REFERENCE =
  /^(?:(?:arn:aws[a-zA-Z-]*:lambda:(?<region>[a-z0-9-]+):)?(?<account>[0-9]{12}):function:|function:)?(?<name>[a-zA-Z0-9_-]+)(?::(?<qualifier>\$LATEST|[a-zA-Z0-9_-]+))?$/;
const LONGEST_REFERENCE = 170;
const LONGEST_NAME = 64;

export const arnOf = (region: string, name: string, qualifier?: string): string =>
  `arn:aws:lambda:${region}:${ACCOUNT}:function:${name}${qualifier === undefined ? "" : `:${qualifier}`}`;

/**
 * @param query the request's `Qualifier`
 * @throws {LambdaError} `ValidationException`, `InvalidParameterValueException`; `ResourceNotFoundException` for what
 * is of another region or account
 */
export function parseReference(
  text: string,
  region: string,
  query: string | null = null,
): FunctionReference {
  const groups = text.length > LONGEST_REFERENCE ? undefined : REFERENCE.exec(text)?.groups;
  const name = groups?.["name"] ?? "";
  if (groups === undefined || name.length > LONGEST_NAME) {
    throw violation(
      "functionName",
      text,
      `satisfy regular expression pattern: ${REFERENCE.source}, and the name have at most ${LONGEST_NAME} characters`,
    );
  }
  if ((groups["region"] ?? region) !== region) {
    throw new LambdaError(
      "ResourceNotFoundException",
      `Functions from '${groups["region"]}' are not reachable in this region ('${region}')`,
    );
  }
  const written = groups["qualifier"];
  if (query !== null && written !== undefined && written !== query) {
    throw invalid(
      "The derived qualifier from the function name does not match the specified qualifier.",
    );
  }
  const qualifier = written ?? query ?? undefined;
  if ((groups["account"] ?? ACCOUNT) !== ACCOUNT) throw functionNotFound(text);
  return { name, ...(qualifier === undefined ? {} : { qualifier }) };
}

/**
 * There is no version but the one that is worked on.
 *
 * @throws {LambdaError} `ResourceNotFoundException`
 */
export function requireLatest({ name, qualifier }: FunctionReference, region: string): void {
  if ((qualifier ?? LATEST) !== LATEST) throw functionNotFound(arnOf(region, name, qualifier));
}

export const functionNotFound = (arn: string) =>
  new LambdaError("ResourceNotFoundException", `Function not found: ${arn}`);
