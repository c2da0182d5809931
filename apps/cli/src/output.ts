import { once } from "node:events";
import { stripVTControlCharacters, styleText } from "node:util";
import { toJson } from "@topline/core";
import { table } from "table";
import { hasColour, type Terminal } from "./terminal.ts";

export interface Column {
  readonly name: string;
  readonly title?: string;
  readonly align?: "left" | "right";
}

type Cell = string | number | bigint | boolean | null | undefined | object;
export type Row = object;

/** Results go to stdout: one JSON document with `--json`, text that aligns without. */
export interface Output {
  readonly isJson: boolean;
  json(document: unknown): Promise<void>;
  /** One line of JSON, for commands that give one document after the other. */
  jsonLine(document: unknown): Promise<void>;
  /** A JSON array, written as its items come. */
  jsonArray(items: AsyncIterable<unknown>): Promise<void>;
  line(text?: string): Promise<void>;
  heading(text: string): Promise<void>;
  table(columns: readonly Column[], rows: readonly Row[]): Promise<void>;
}

/** Longest text of one cell; more is cut with an ellipsis. JSON has it whole. */
const CELL = 60;

export function createOutput(terminal: Terminal, isJson: boolean): Output {
  const { stdout } = terminal;
  const isColoured = hasColour(terminal, stdout);
  const bold = (text: string) =>
    isColoured ? styleText("bold", text, { validateStream: false }) : text;

  const write = async (text: string) => {
    if (!stdout.write(text)) await once(stdout, "drain");
  };

  return {
    isJson,
    json: (document) => write(`${toJson(document, 2)}\n`),
    jsonLine: (document) => write(`${toJson(document)}\n`),
    async jsonArray(items) {
      let separator = "[\n";
      for await (const item of items) {
        await write(`${separator}  ${toJson(item)}`);
        separator = ",\n";
      }
      await write(separator === "[\n" ? "[]\n" : "\n]\n");
    },
    line: (text = "") => write(`${text}\n`),
    heading: (text) => write(`\n${bold(text)}\n`),
    async table(columns, rows) {
      const head = columns.map((column) => bold(column.title ?? column.name));
      const body = rows.map((row) =>
        columns.map((column) => show((row as Readonly<Record<string, Cell>>)[column.name])),
      );
      const text = table([head, ...body], {
        border: plainBorder,
        drawHorizontalLine: () => false,
        columnDefault: { paddingLeft: 0, paddingRight: 2 },
        columns: columns.map((column) => ({ alignment: column.align ?? "left" })),
      });
      await write(text.replace(/[ ]+$/gm, ""));
    },
  };
}

/** One line of text without control characters, so that no value can move the cursor or break a row. */
function show(value: Cell): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? toJson(value) : String(value);
  const visible = stripVTControlCharacters(text).replace(/[\u0000-\u001f\u007f-\u009f]/g, " ");
  const points = Array.from(visible);
  return points.length <= CELL ? visible : `${points.slice(0, CELL - 1).join("")}…`;
}

const plainBorder = {
  topBody: "",
  topJoin: "",
  topLeft: "",
  topRight: "",
  bottomBody: "",
  bottomJoin: "",
  bottomLeft: "",
  bottomRight: "",
  bodyLeft: "",
  bodyRight: "",
  bodyJoin: "",
  joinBody: "",
  joinLeft: "",
  joinRight: "",
  joinJoin: "",
};
