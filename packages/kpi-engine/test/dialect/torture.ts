import { Buffer } from "node:buffer";
import type { Dataset } from "@topline/core";

/** Whole files that readers have been seen to trip over, each for one reason. */
export interface TortureFile {
  readonly name: string;
  readonly dataset: Dataset;
  readonly bytes: Buffer;
  /** Records that are accepted, told by hand. */
  readonly accepted: number;
  /** Records that are not, the header not counted, told by hand. */
  readonly rejected: number;
}

const MIB = 1_048_576;
const users = "user_id,user_name,user_age,user_country,created_at\n";
const streams = "user_id,track_id,listen_time\n";
const listen = "u,t,2024-06-25 17:43:13\n";
const user = (name: string) => `u,${name},,,\n`;

const file = (
  name: string,
  dataset: Dataset,
  parts: string | readonly (string | Uint8Array)[],
  accepted: number,
  rejected: number,
): TortureFile => ({
  name,
  dataset,
  bytes: Buffer.concat([parts].flat().map((part) => Buffer.from(part))),
  accepted,
  rejected,
});

const cr = (text: string) => text.replaceAll("\n", "\r");
const crlf = (text: string) => text.replaceAll("\n", "\r\n");
/** Fills a user's record to `bytes`, its end not counted. */
const userOf = (bytes: number) => `u,,,,${" ".repeat(bytes - 5)}\n`;

export const TORTURE_FILES: readonly TortureFile[] = [
  file("CRLF", "streams", crlf(streams + listen + listen), 2, 0),
  file("CR", "streams", cr(streams + listen + listen), 2, 0),
  file("CRLF, then a lone CR", "streams", [crlf(streams), cr(listen), listen], 2, 0),
  file("LF, then CRLF and CR", "streams", [streams, crlf(listen), cr(listen), listen], 3, 0),
  file(
    "a mark, blank lines, no last end",
    "streams",
    `\ufeff\n\r\n${streams}\n\n${listen}u,t,`,
    1,
    1,
  ),
  file("marks within", "streams", `\ufeff${streams}\ufeff${listen}\ufeff\n`, 1, 1),
  file("the header alone", "streams", streams, 0, 0),
  file("the header again", "streams", streams + listen + streams + streams, 1, 2),
  file(
    "an unterminated quote",
    "streams",
    `${streams}"u,t,2024-06-25 17:43:13\n${listen}${listen}`,
    2,
    1,
  ),
  file("an unterminated quote", "users", `${users}u,"name,,,\n${user("a").repeat(100)}`, 100, 1),
  file(
    "two broken quotes near each other",
    "users",
    `${users}u,"a,,,\n${user("b")}u,c",,,\n${user("d")}`,
    2,
    0,
  ),
  file("three odd lines", "users", `${users}u,"a\nb",,,\nu,"c,,,\n${user("d")}`, 2, 1),
  file(
    "64 lines in a record",
    "users",
    `${users}u,"${"\n".repeat(3)}${"-\n".repeat(62)}",,,\n`,
    1,
    0,
  ),
  file("65 lines in a record", "users", `${users}u,"\n${"-\n".repeat(63)}",,,\n`, 0, 65),
  file(
    "1 MiB in a record",
    "users",
    `${users}u,"${"x".repeat(12)}\n${"y".repeat(MIB - 20)}",,,\n`,
    0,
    1,
  ),
  file(
    "a record over 1 MiB",
    "users",
    `${users}u,"${"x".repeat(13)}\n${"y".repeat(MIB - 20)}",,,\n`,
    0,
    2,
  ),
  file(
    "lines of 1 MiB and a byte",
    "users",
    [users, userOf(MIB - 1), userOf(MIB), userOf(MIB + 1), user("a")],
    3,
    1,
  ),
  file("a line of 3 MiB", "streams", [streams, listen, "x".repeat(3 * MIB), "\n", listen], 2, 1),
  file(
    "many fields",
    "streams",
    [streams, `${",".repeat(350_000)}\n`, '"",'.repeat(100_000), "\n", listen],
    1,
    2,
  ),
  file(
    "NUL and controls",
    "streams",
    [streams, "u\0,t,2024-06-25 17:43:13\n", "\u0001\n\u0002\u0002\u0002\n", listen],
    1,
    3,
  ),
  file(
    "not UTF-8",
    "streams",
    [streams, Uint8Array.of(0xff, 0x0a, 0x75, 0xc3, 0x0a), listen],
    1,
    2,
  ),
  file("a set-aside line within a record", "users", `${users}u,"a\n\u0007"\nb",,,\n`, 1, 1),
  file("blanks", "streams", `${streams} u\t, t ,\t2024-06-25 17:43:13 \n \n\t\n`, 1, 2),
  file(
    "spaces around plain fields",
    "streams",
    `${streams}u ,t,2024-06-25 17:43:13\n u,t,2024-06-25 17:43:13\nu, t ,2024-06-25 17:43:13 \n`,
    3,
    0,
  ),
  file(
    "times at the edges",
    "streams",
    `${streams}u,t,1969-12-31T23:59:59Z\nu,t,1970-01-01T00:00:00Z\nu,t,1970-01-01 00:00:00.1234567\nu,t,9999-12-31 23:59:59.999999\nu,t,2024-06-25 24:00:00\n`,
    2,
    3,
  ),
  file(
    "dates at the edges",
    "users",
    `${users}u,,,,0000-12-31\nu,,,,0001-01-01\nu,,,,1900-02-29\n`,
    1,
    2,
  ),
  file(
    "no-break spaces",
    "streams",
    `${streams}\u00a0,\u00a0,2024-06-25 17:43:13\nu,t,2024-06-25\u00a017:43:13\n`,
    1,
    1,
  ),
  file(
    "quoted fields",
    "streams",
    `${streams}"u","t","2024-06-25T17:43:13.5Z"\n"u" ,t,2024-06-25 17:43:13\n`,
    1,
    1,
  ),
  file("too few and too many fields", "streams", `${streams}u,t\nu,t,2024-06-25 17:43:13,\n`, 0, 2),
  file("dollars and backslashes", "users", `${users}${user('"$1\\1\\n""\\"')}${user("a\\")}`, 2, 0),
  file("lines of digits within a record", "users", `${users}u,"01\n02\n03 04\n63",,,\n`, 1, 0),
];
