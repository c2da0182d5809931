import { invalid } from "./errors.ts";
import { type Input, integer, text } from "./input.ts";

/**
 * The page of a list that a request asks for by `MaxResults` and `NextToken`. The token names the last item of the
 * page before, so that items that are new at the front repeat none.
 */
export function page<T>(
  all: readonly T[],
  idOf: (item: T) => string,
  input: Input,
  most: number,
): { readonly items: readonly T[]; readonly NextToken: { readonly NextToken?: string } } {
  const size = integer(input, "MaxResults", { least: 1, most }) ?? most;
  const token = text(input, "NextToken");
  const last = token === undefined ? undefined : decode(token);
  const at = last === undefined ? -1 : all.findIndex((item) => idOf(item) === last);
  if (last !== undefined && at < 0) throw invalid("NextToken is not of this list.");
  const items = all.slice(at + 1, at + 1 + size);
  const end = items.at(-1);
  const isMore = at + 1 + size < all.length && end !== undefined;
  return { items, NextToken: isMore ? { NextToken: encode(idOf(end)) } : {} };
}

const encode = (id: string) => btoa(encodeURIComponent(id));

function decode(token: string): string {
  try {
    return decodeURIComponent(atob(token));
  } catch {
    return "";
  }
}
