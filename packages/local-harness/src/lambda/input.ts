import { invalid, LambdaError, notImplemented } from "./errors.ts";

/** A JSON object that a client sent. */
export type Input = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Input {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @throws {LambdaError} `InvalidRequestContentException`, `ValidationException` */
export function inputOf(body: Uint8Array): Input {
  const input = parseJson(body);
  if (isObject(input)) return input;
  throw violation("requestBody", input, "be an object");
}

/** @throws {LambdaError} `InvalidRequestContentException` */
export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) as unknown;
  } catch (error) {
    throw new LambdaError(
      "InvalidRequestContentException",
      `Could not parse request body into json: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

export function text(input: Input, field: string): string | undefined {
  const value = input[field] ?? undefined;
  if (value === undefined || typeof value === "string") return value;
  throw violation(field, value, "be a string");
}

export function requiredText(input: Input, field: string): string {
  const value = text(input, field);
  if (value === undefined || value === "") throw violation(field, value, "not be null");
  return value;
}

export function integer(
  input: Input,
  field: string,
  { least, most }: { readonly least: number; readonly most: number },
): number | undefined {
  const value = input[field] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value)) {
    throw violation(field, value, "be a whole number");
  }
  if (value < least) throw violation(field, value, `have value greater than or equal to ${least}`);
  if (value > most) throw violation(field, value, `have value less than or equal to ${most}`);
  return value;
}

export function object(input: Input, field: string): Input | undefined {
  const value = input[field] ?? undefined;
  if (value === undefined || isObject(value)) return value;
  throw violation(field, value, "be an object");
}

/** A map of texts, such as `Variables`. */
export function texts(input: Input, field: string): Readonly<Record<string, string>> | undefined {
  const found = object(input, field);
  if (found === undefined) return undefined;
  if (Object.values(found).every((value) => typeof value === "string")) {
    return found as Readonly<Record<string, string>>;
  }
  throw invalid(`${field} must be a map from texts to texts.`);
}

/**
 * What Lambda can do and this server cannot is refused wherever it is asked for; an empty value asks for nothing.
 *
 * @throws {LambdaError} `NotImplemented`
 */
export function refuse(input: Input, fields: readonly string[]): void {
  for (const field of fields) {
    const value = input[field] ?? false;
    const isEmpty = Array.isArray(value) && value.length === 0;
    const isBlank = isObject(value) && Object.values(value).every((part) => isNothing(part));
    if (value === false || value === "" || isEmpty || isBlank) continue;
    throw notImplemented(`The embedded Lambda does not know ${field}.`);
  }
}

const isNothing = (value: unknown) =>
  value === null || value === "" || value === false || (Array.isArray(value) && value.length === 0);

export function violation(field: string, value: unknown, what: string): LambdaError {
  const at = `${field[0]?.toLowerCase()}${field.slice(1)}`;
  const found =
    value === undefined ? "null" : `'${typeof value === "string" ? value : JSON.stringify(value)}'`;
  return new LambdaError(
    "ValidationException",
    `1 validation error detected: Value ${found} at '${at}' failed to satisfy constraint: Member must ${what}`,
  );
}
