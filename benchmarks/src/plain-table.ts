import { table } from "table";

/** Columns by spaces alone: the first to the left, the others to the right. */
export function plainTable(rows: readonly (readonly string[])[]): string {
  return table(
    rows.map((row) => [...row]),
    {
      border: NO_BORDER,
      drawHorizontalLine: () => false,
      columnDefault: { alignment: "right", paddingLeft: 0, paddingRight: 2 },
      columns: [{ alignment: "left" }],
    },
  ).replace(/[ ]+$/gm, "");
}

const NO_BORDER = Object.fromEntries(
  ["top", "bottom", "join"]
    .flatMap((line) => ["Body", "Join", "Left", "Right"].map((part) => `${line}${part}`))
    .concat("bodyLeft", "bodyRight", "bodyJoin")
    .map((part) => [part, ""]),
);
