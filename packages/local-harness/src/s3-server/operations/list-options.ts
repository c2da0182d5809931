import { invalidArgument } from "../errors.ts";
import type { S3Request } from "../request.ts";

const MOST = 1000;

/** `max-keys` and its like: at most 1,000, which is also what is meant by nothing. */
export function readLimit({ query }: S3Request, name: string): number {
  const value = query.get(name) ?? "";
  if (value === "") return MOST;
  if (!/^\d{1,10}$/.test(value) || Number(value) > 2 ** 31 - 1) {
    throw invalidArgument(name, value, `Provided ${name} not an integer or within integer range`);
  }
  return Math.min(Number(value), MOST);
}

/** How keys are written: as they are, or `encoding-type=url`, for keys that XML cannot hold. */
export function readEncoding({ query }: S3Request): {
  readonly type: "url" | undefined;
  readonly write: (key: string) => string;
} {
  const type = query.get("encoding-type");
  if (type === undefined || type === "") return { type: undefined, write: (key) => key };
  if (type === "url") return { type, write: urlEncode };
  throw invalidArgument("encoding-type", type, "Invalid Encoding Method specified in Request");
}

/** As S3 does: like a form, but with the slashes left. */
const urlEncode = (key: string) =>
  encodeURIComponent(key)
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+")
    .replaceAll("%2F", "/");
