import { NumberValue } from "@aws-sdk/lib-dynamodb";
import { ToplineError } from "@topline/core";

/** An item as the document client gives it: numbers wrapped. */
export type Item = Readonly<Record<string, unknown>>;

/** The digits of a number attribute; `undefined` for an attribute of another type. */
export function digitsOf(attribute: unknown): string | undefined {
  if (attribute instanceof NumberValue) return attribute.value;
  if (typeof attribute !== "number" && typeof attribute !== "bigint") return undefined;
  throw new ToplineError(
    "CONFIG_INVALID",
    "The DynamoDB client loses digits of large numbers. Make it with dynamoClient().",
  );
}

/** A decimal as DynamoDB writes it, exponents included; `undefined` unless it is a whole number. */
export function integerOf(digits: string): bigint | undefined {
  const [, sign, whole, fraction = "", exponent = "0"] =
    /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(digits) ?? [];
  if (sign === undefined || whole === undefined) return undefined;
  const scale = Number(exponent) - fraction.length;
  const all = whole + fraction;
  if (scale >= 0) return BigInt(sign + all + "0".repeat(scale));
  const rest = all.slice(scale);
  return /^0*$/.test(rest) ? BigInt(`${sign}${all.slice(0, scale) || "0"}`) : undefined;
}

/**
 * The attributes of an item of `PIPELINE_RUNS`.
 *
 * @throws {ToplineError} `STATE_CORRUPT` when one is not of the type that was asked for
 */
export class Attributes {
  readonly #item: Item;
  readonly #where: string;

  constructor(item: Item, where: string) {
    this.#item = item;
    this.#where = where;
  }

  text(name: string): string {
    return this.optionalText(name) ?? this.#fail(name, "text");
  }

  optionalText(name: string): string | null {
    const value = this.#item[name];
    if (value === undefined) return null;
    return typeof value === "string" ? value : this.#fail(name, "text");
  }

  integer(name: string): bigint {
    const digits = digitsOf(this.#item[name]);
    const value = digits === undefined ? undefined : integerOf(digits);
    return value ?? this.#fail(name, "a whole number");
  }

  date(name: string): Date {
    const date = new Date(this.text(name));
    return Number.isNaN(date.getTime()) ? this.#fail(name, "a time") : date;
  }

  map(name: string): Attributes {
    const value = this.#item[name];
    if (typeof value !== "object" || value === null) return this.#fail(name, "a map");
    return new Attributes(value as Item, `${this.#where}, ${name}`);
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T {
    const value = this.text(name);
    return values.find((known) => known === value) ?? this.#fail(name, values.join(", "));
  }

  #fail(name: string, expected: string): never {
    const found = this.#item[name];
    const value = found instanceof NumberValue ? found.value : JSON.stringify(found);
    throw new ToplineError(
      "STATE_CORRUPT",
      `${this.#where}: expected ${expected} in attribute ${name}, found ${value ?? "nothing"}. Mend or delete the item.`,
    );
  }
}
