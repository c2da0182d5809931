import { MAX_LINE_BYTES } from "./dialect.ts";
import type { StreamedLine } from "./lines.ts";

/** Says why a line was set aside, as far as it is cheap to tell. */

const signatures: readonly (readonly [bytes: readonly number[], what: string])[] = [
  [[0x89, 0x50, 0x4e, 0x47], "a PNG image"],
  [[0xff, 0xd8, 0xff], "a JPEG image"],
  [[0x25, 0x50, 0x44, 0x46], "a PDF document"],
  [[0x50, 0x4b, 0x03, 0x04], "a ZIP archive or an Excel workbook: export it as CSV"],
  [[0xd0, 0xcf, 0x11, 0xe0], "an old Excel workbook: export it as CSV"],
  [[0x1f, 0x8b], "gzip: give it a name that ends in .csv.gz"],
  [[0x28, 0xb5, 0x2f, 0xfd], "zstd: upload it plain or as gzip"],
  [[0x50, 0x41, 0x52, 0x31], "a Parquet file: export it as CSV"],
  [[0xff, 0xfe], "UTF-16: save it as UTF-8"],
  [[0xfe, 0xff], "UTF-16: save it as UTF-8"],
];

export function explainNotText(line: StreamedLine): string {
  if (line.bytes.length > MAX_LINE_BYTES) {
    return `Expected UTF-8 text with a header; the first line is longer than ${MAX_LINE_BYTES} bytes. Its lines must end at LF, CR or CRLF.`;
  }
  const { offset, found } = offender(line.bytes);
  const likely = likelyFormat(line.bytes);
  return `Expected UTF-8 text with a header; found ${found} at byte ${line.offset + offset} (counted from 0)${likely}.`;
}

function likelyFormat(bytes: Uint8Array): string {
  const signature = signatures.find(([start]) => start.every((byte, i) => bytes[i] === byte));
  if (signature !== undefined) return `; the file looks like ${signature[1]}`;
  const zeros = bytes.subarray(0, 64).filter((byte) => byte === 0).length;
  const isUtf16 = zeros > 0 && zeros * 4 >= Math.min(bytes.length, 64);
  if (isUtf16) return "; the file looks like UTF-16: save it as UTF-8";
  return firstUndecodable(bytes) === undefined
    ? ""
    : "; if the file is in Latin-1 or Windows-1252, save it as UTF-8";
}

function offender(bytes: Uint8Array): { offset: number; found: string } {
  const control = bytes.findIndex((byte) => byte < 0x20 && byte !== 0x09);
  const undecodable = firstUndecodable(bytes);
  if (undecodable === undefined || (control >= 0 && control < undecodable)) {
    return { offset: control, found: `the control character ${hex(bytes[control])}` };
  }
  return { offset: undecodable, found: `a byte that is not UTF-8, ${hex(bytes[undecodable])},` };
}

/** Where the first sequence of bytes begins that is not UTF-8. */
function firstUndecodable(bytes: Uint8Array): number | undefined {
  if (decodes(bytes, false)) return undefined;
  let good = 0;
  let bad = bytes.length + 1;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (middle <= bytes.length && decodes(bytes.subarray(0, middle), true)) good = middle;
    else bad = middle;
  }
  // The longest good beginning may end within a sequence that the next byte spoils.
  while (!decodes(bytes.subarray(0, good), false)) good--;
  return good;
}

function decodes(bytes: Uint8Array, stream: boolean): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, { stream });
    return true;
  } catch {
    return false;
  }
}

const hex = (byte = 0) => `0x${byte.toString(16).padStart(2, "0")}`;
