/**
 * User metadata travels in HTTP headers, and S3 keeps ASCII alone: it decodes what looks like RFC 2047, and
 * drops what it cannot print. So a value that is not plain goes as an RFC 8187 extended value,
 * `UTF-8''` and percent-encoded UTF-8, which every server keeps as it is. Plain values go untouched, and are
 * read untouched whoever wrote them.
 */

/** Printable ASCII without blanks at its ends, which HTTP trims. */
const plain = /^(?:[!-~](?:[ -~]*[!-~])?)?$/;
const marker = "UTF-8''";
const extended = /^UTF-8''(?:[A-Za-z0-9!#$&+\-.^_`|~]|%[0-9A-F]{2})*$/;

export function encodeMetadata(
  metadata: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [name.toLowerCase(), encodeValue(value)]),
  );
}

export function decodeMetadata(
  metadata: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [name.toLowerCase(), decodeValue(value)]),
  );
}

function encodeValue(value: string): string {
  if (plain.test(value) && !value.startsWith(marker) && !value.includes("=?")) return value;
  const percent = (character: string) =>
    `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
  return marker + encodeURIComponent(value.toWellFormed()).replace(/['()*]/g, percent);
}

function decodeValue(value: string): string {
  if (!extended.test(value)) return value;
  try {
    return decodeURIComponent(value.slice(marker.length));
  } catch {
    return value;
  }
}
