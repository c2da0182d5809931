import type { Dataset, HeadVerdict, RefusalCode, Validator } from "@topline/core";
import type { Contract } from "./contract.ts";
import { CONTRACTS } from "./contracts.ts";
import {
  cutFields,
  decodeLine,
  hasOddQuotes,
  joinsLines,
  MAX_HEADER_BYTES,
  MAX_LINE_BYTES,
  MAX_RECORD_LINES,
} from "./dialect.ts";
import { DamagedGzip, gunzipHead } from "./gunzip.ts";
import { streamLines, type StreamedLine } from "./lines.ts";
import { explainNotText } from "./not-text.ts";

/** Judges files by their first record. A file damaged further on is transform's to refuse. */
export function createValidator(
  contracts: Readonly<Record<Dataset, Contract>> = CONTRACTS,
): Validator {
  return {
    async checkHead(dataset, body, compression) {
      if (compression === "none") return readHead(contracts[dataset], body);
      const stored = watched(body);
      try {
        return await readHead(contracts[dataset], gunzipHead(stored.body));
      } catch (error) {
        if (!(error instanceof DamagedGzip)) throw error;
        if (stored.bytes() === 0) return emptyFile;
        return refuse(
          "DAMAGED_GZIP",
          `Expected gzip whose beginning holds a header; ${stored.bytes()} bytes in, it is damaged or cut off (${error.message}). Compress the file again and upload it, or upload it plain as .csv.`,
        );
      }
    },
  };
}

export const validator: Validator = createValidator();

async function readHead(contract: Contract, body: AsyncIterable<Uint8Array>): Promise<HeadVerdict> {
  const first = await firstRecord(contract.dataset, streamLines(body));
  if (first === undefined) return emptyFile;
  if (typeof first !== "string") return refuse("NOT_TEXT", explainNotText(first));
  return judgeHeader(contract, first);
}

/** The first record; the line itself where it would be set aside; `undefined` where there is none. */
async function firstRecord(
  dataset: Dataset,
  lines: AsyncIterable<StreamedLine>,
): Promise<string | StreamedLine | undefined> {
  let first: string | undefined;
  let record = "";
  let bytes = 0;
  let count = 0;
  for await (const line of lines) {
    const text = decodeLine(line.bytes);
    if (first === undefined) {
      if (text === undefined) return line;
      if (!joinsLines(dataset) || !hasOddQuotes(text)) return text;
      first = record = text;
      bytes = line.bytes.length;
      count = 1;
      continue;
    }
    if (text === undefined) continue;
    bytes += 1 + line.bytes.length;
    count += 1;
    if (count > MAX_RECORD_LINES || bytes > MAX_LINE_BYTES) return first;
    record += `\n${text}`;
    if (hasOddQuotes(text)) return record;
  }
  return first;
}

function judgeHeader(contract: Contract, record: string): HeadVerdict {
  const names = contract.columns.map((column) => column.name);
  const found = cutFields(record);
  if (found === undefined) {
    return refuse(
      "MISSING_COLUMN",
      `Expected a header with the columns ${names.join(", ")}; the first record is malformed and names no columns: ${shown(record)}. A field that holds a quote must stand in quotes as a whole, with every quote within it doubled.`,
    );
  }
  const missing = names.filter((name) => !found.includes(name));
  if (missing.length > 0) {
    return refuse(
      "MISSING_COLUMN",
      `The header has no column ${missing.join(", ")}; found ${listed(found)}. ${advice(missing, found)}`,
    );
  }
  const doubled = names.filter((name) => found.indexOf(name) !== found.lastIndexOf(name));
  if (doubled.length > 0) {
    return refuse(
      "DUPLICATE_COLUMN",
      `The header names ${doubled.join(", ")} more than once, so that it does not say which one is meant; found ${listed(found)}. Export each of them once and upload the file again.`,
    );
  }
  const bytes = new TextEncoder().encode(record).length;
  if (bytes > MAX_HEADER_BYTES) {
    return refuse(
      "HEADER_TOO_LONG",
      `Expected a header of at most ${MAX_HEADER_BYTES} bytes; found ${bytes} bytes in ${found.length} columns. Export fewer columns and upload the file again.`,
    );
  }
  const positions = Object.fromEntries(names.map((name) => [name, found.indexOf(name)]));
  const extraColumns = found.filter((name) => !names.includes(name));
  return { ok: true, head: { record, width: found.length, positions, extraColumns } };
}

function advice(missing: readonly string[], found: readonly string[]): string {
  const lowered = new Set(found.map((name) => name.toLowerCase()));
  if (missing.some((name) => lowered.has(name))) {
    return "Names must match in upper and lower case: rename the columns and upload the file again.";
  }
  if (found.length === 1 && /[;\t|]/.test(found[0] ?? "")) {
    return "Fields must be separated by commas: export the file so and upload it again.";
  }
  return `Export ${missing.length === 1 ? "the column" : "the columns"} and upload the file again.`;
}

/** At most 12 names of at most 60 characters. */
function listed(names: readonly string[]): string {
  const some = names.slice(0, 12).map((name) => (name === "" ? "(no name)" : shown(name)));
  return names.length > some.length
    ? `${some.join(", ")}, … (${names.length} columns)`
    : some.join(", ");
}

function shown(text: string): string {
  const points = Array.from(text.slice(0, 122));
  const short = points.length > 60 || text.length > 122 ? `${points.slice(0, 60).join("")}…` : text;
  return short.replace(/[\n\t]/g, " ");
}

const refuse = (code: RefusalCode, message: string): HeadVerdict => ({ ok: false, code, message });

const emptyFile = refuse(
  "EMPTY_FILE",
  "Expected a header and records; the file holds no line that is not empty.",
);

/** The same chunks, counted as they are taken. */
function watched(body: AsyncIterable<Uint8Array>) {
  let bytes = 0;
  async function* counted() {
    for await (const chunk of body) {
      bytes += chunk.length;
      yield chunk;
    }
  }
  return { body: counted(), bytes: () => bytes };
}
