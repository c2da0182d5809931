import { constants, crc32, inflateRawSync } from "node:zlib";

/**
 * Gzip (RFC 1952) read strictly: every member whole, its sum and size right, nothing after the last one. Node's own
 * `gunzip` overlooks what follows the last member.
 */
export interface Gunzipped {
  readonly bytes: Uint8Array;
  readonly isDamaged: boolean;
}

const FLAG_HEADER_CRC = 2;
const FLAG_EXTRA = 4;
const FLAG_NAME = 8;
const FLAG_COMMENT = 16;

export function gunzip(file: Uint8Array): Gunzipped {
  const contents: Uint8Array[] = [];
  let at = 0;
  let isDamaged = false;
  do {
    const member = readMember(file.subarray(at));
    contents.push(member.content);
    at += member.length;
    isDamaged = member.isDamaged;
  } while (at < file.length && !isDamaged);
  return { bytes: concatenate(contents), isDamaged };
}

interface Member {
  readonly content: Uint8Array;
  /** Bytes of the file that it takes. */
  readonly length: number;
  readonly isDamaged: boolean;
}

function readMember(file: Uint8Array): Member {
  const start = headerLength(file);
  if (start === undefined) return damaged(new Uint8Array());
  let inflated: { buffer: Uint8Array; engine: { bytesWritten: number } };
  try {
    inflated = inflateRawSync(file.subarray(start), { info: true }) as unknown as typeof inflated;
  } catch {
    return damaged(whatCanBeRead(file.subarray(start)));
  }
  const content = inflated.buffer;
  const end = start + inflated.engine.bytesWritten;
  if (file.length < end + 8) return damaged(content);
  const trailer = new DataView(file.buffer, file.byteOffset + end, 8);
  const isRight =
    trailer.getUint32(0, true) === crc32(content) &&
    trailer.getUint32(4, true) === content.length % 2 ** 32;
  return isRight ? { content, length: end + 8, isDamaged: false } : damaged(content);
}

const damaged = (content: Uint8Array): Member => ({ content, length: 0, isDamaged: true });

/** The content before the damage: what the longest prefix without a fault gives. */
function whatCanBeRead(deflated: Uint8Array): Uint8Array {
  let content: Uint8Array = new Uint8Array();
  let good = 0;
  let bad = deflated.length + 1;
  while (bad - good > 1) {
    const length = Math.floor((good + bad) / 2);
    try {
      content = inflateRawSync(deflated.subarray(0, length), {
        finishFlush: constants.Z_SYNC_FLUSH, // an early end is no fault
      });
      good = length;
    } catch {
      bad = length;
    }
  }
  return content;
}

/** Undefined where this is no header of a member, or it is cut off. */
function headerLength(file: Uint8Array): number | undefined {
  const [id1, id2, method, flags = 0] = file;
  if (id1 !== 0x1f || id2 !== 0x8b || method !== 8 || (flags & 0xe0) !== 0) return undefined;
  let at = 10;
  if (flags & FLAG_EXTRA) at += 2 + (file[at] ?? 0) + 256 * (file[at + 1] ?? 0);
  for (const flag of [FLAG_NAME, FLAG_COMMENT]) {
    if ((flags & flag) === 0) continue;
    const end = file.indexOf(0, at);
    if (end === -1) return undefined;
    at = end + 1;
  }
  if (flags & FLAG_HEADER_CRC) {
    const sum = crc32(file.subarray(0, at)) & 0xffff;
    if ((file[at] ?? 0) + 256 * (file[at + 1] ?? 0) !== sum) return undefined;
    at += 2;
  }
  return at <= file.length ? at : undefined;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
