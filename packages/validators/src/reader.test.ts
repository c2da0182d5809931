import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { MAX_LINE_BYTES } from "./dialect.ts";
import { readRecords } from "./reader.ts";

const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(
    parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.from(part))),
  );

const fieldsOf = (dataset: "songs" | "streams", text: string) =>
  readRecords(dataset, bytes(text)).records.map((record) => record.fields);

describe("lines", () => {
  test.each([
    "a,b\nc,d\ne,f",
    "a,b\r\nc,d\r\ne,f\r\n",
    "a,b\rc,d\r\re,f",
    "\ufeff\n\ra,b\nc,d\r\n\ne,f",
  ])("end at LF, CR and CRLF, and are nothing when empty: %j", (text) => {
    const { header, records } = readRecords("songs", bytes(text));
    expect([header, ...records].map((record) => [record?.n, record?.text])).toEqual([
      [1, "a,b"],
      [2, "c,d"],
      [3, "e,f"],
    ]);
  });

  test("of blanks are records", () => {
    expect(readRecords("songs", bytes("a\n \n\t\n")).records.map(({ text }) => text)).toEqual([
      " ",
      "\t",
    ]);
  });

  test("a byte-order mark is dropped once, at the very beginning", () => {
    const { header, records } = readRecords("songs", bytes("\ufeff\ufeffa\n\ufeffb"));
    expect(header?.fields).toEqual(["\ufeffa"]);
    expect(records[0]?.fields).toEqual(["\ufeffb"]);
  });

  test.each([
    ["NUL", [0x61, 0x00]],
    ["a control character", [0x61, 0x1f]],
    ["a vertical tab", [0x0b]],
    ["a byte that is not UTF-8", [0xff]],
    ["an overlong form", [0xc0, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["more than Unicode has", [0xf4, 0x90, 0x80, 0x80]],
    ["a cut-off character", [0xe2, 0x82]],
  ])("with %s are set aside", (_, raw) => {
    const { records } = readRecords("songs", bytes("h\n", raw, "\ngood"));
    expect(records.map(({ fields }) => fields)).toEqual([undefined, ["good"]]);
  });

  test("hold TAB, DEL, C1 controls and other white space as text", () => {
    expect(fieldsOf("songs", "h\na\tb\u007f\u0085\u00a0\u2028")).toEqual([
      ["a\tb\u007f\u0085\u00a0\u2028"],
    ]);
  });

  test("of 1 MiB are text, of a byte more are set aside", () => {
    const longest = "é".repeat(MAX_LINE_BYTES / 2);
    expect(fieldsOf("songs", `h\n${longest}\n${longest}x`)).toEqual([[longest], undefined]);
  });
});

describe("fields", () => {
  test.each([
    ["x,y,z", ["x", "y", "z"]],
    [",,", ["", "", ""]],
    [' x\t, y ,"  z "', ["x", "y", "z"]],
    ["\u00a0x,y,z", ["\u00a0x", "y", "z"]],
    ['"a,b","say ""x""",""""', ["a,b", 'say "x"', '"']],
    ['"","",', ["", "", ""]],
    ['"""""",b,c', ['""', "b", "c"]],
  ])("%j", (line, fields) => {
    expect(fieldsOf("streams", `a,b,c\n${line}`)).toEqual([fields]);
  });

  test.each([
    ["too few", "x,y"],
    ["too many", "x,y,z,"],
    ["a quote within", 'x"y,y,z'],
    ["a quote after a blank", ' "x",y,z'],
    ["a blank after a quote", '"x" ,y,z'],
    ["text after a quote", '"x"y,y,z'],
    ["an open quote", '"x,y,z'],
    ["quotes doubled outside quotes", 'x"",y,z'],
    ["two quoted texts in one field", '"x""y" "z",y,z'],
  ])("malformed: %s", (_, line) => {
    expect(fieldsOf("streams", `a,b,c\n${line}\n1,2,3`)).toEqual([undefined, ["1", "2", "3"]]);
  });
});

describe("records of several lines", () => {
  test("are joined by LF whatever ended the lines, and empty lines are no part of them", () => {
    expect(fieldsOf("songs", 'a,b\n"x\r\n\r\ny"",\rz",2\n3,4')).toEqual([
      ['x\ny",\nz', "2"],
      ["3", "4"],
    ]);
  });

  test("are not known in streams", () => {
    expect(fieldsOf("streams", 'a\n"x\ny"\nz')).toEqual([undefined, undefined, ["z"]]);
  });

  test("take no line that is set aside", () => {
    const { records } = readRecords("songs", bytes('a\n"x\nbad\0"\ny"\n'));
    expect(records.map(({ n, fields }) => [n, fields])).toEqual([
      [2, ["x\ny"]],
      [3, undefined],
    ]);
  });

  test("have 64 lines at most; then the first stands alone and the next odd line opens", () => {
    const between = (lines: number) => "-\n".repeat(lines);
    expect(fieldsOf("songs", `a\n"${between(63)}"`)).toHaveLength(1);
    const beyond = readRecords("songs", bytes(`a\n"x\n${between(63)}"y\nz"\nlast`)).records;
    expect(beyond.map(({ fields }) => fields)).toEqual([
      undefined,
      ...Array.from({ length: 63 }, () => ["-"]),
      ["y\nz"],
      ["last"],
    ]);
  });

  test("have 1 MiB at most, the joining LFs counted", () => {
    const half = "x".repeat(MAX_LINE_BYTES / 2 - 1);
    expect(fieldsOf("songs", `a\n"${half}\n${half.slice(1)}"`)).toEqual([
      [`${half}\n${half.slice(1)}`],
    ]);
    expect(fieldsOf("songs", `a\n"${half}\n${half}"\n`)).toEqual([undefined, undefined]);
  });
});

test("a file without a line has no header", () => {
  expect(readRecords("songs", bytes("\ufeff\r\n\n"))).toEqual({ header: undefined, records: [] });
});
