import { invalid } from "./errors.ts";

/** A JSON object that a client sent. */
export type Input = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Input {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @throws {GlueError} `InvalidInputException` unless it is there, a text of 1 to 255 characters */
export function name(input: Input, field: string): string {
  const value = text(input, field);
  if (value === undefined || value === "" || value.length > 255) {
    throw invalid(`${field} must be a text of 1 to 255 characters.`);
  }
  return value;
}

export function text(input: Input, field: string): string | undefined {
  const value = input[field] ?? undefined;
  if (value === undefined || typeof value === "string") return value;
  throw invalid(`${field} must be a text.`);
}

export function integer(
  input: Input,
  field: string,
  { least, most }: { readonly least: number; readonly most: number },
): number | undefined {
  const value = input[field] ?? undefined;
  if (value === undefined) return undefined;
  const isWithin = typeof value === "number" && value >= least && value <= most;
  if (isWithin && Number.isInteger(value)) return value;
  throw invalid(`${field} must be a whole number from ${least} to ${most}.`);
}

export function object(input: Input, field: string): Input | undefined {
  const value = input[field] ?? undefined;
  if (value === undefined || isObject(value)) return value;
  throw invalid(`${field} must be an object.`);
}

/** A map of texts, such as `Arguments`. */
export function texts(input: Input, field: string): Readonly<Record<string, string>> | undefined {
  const found = object(input, field);
  if (found === undefined) return undefined;
  if (Object.values(found).every((value) => typeof value === "string")) {
    return found as Readonly<Record<string, string>>;
  }
  throw invalid(`${field} must be a map from texts to texts.`);
}
