import { FUNCTIONS, SESSION_WORDS, TABLE_FUNCTIONS } from "./functions.ts";

/**
 * Whether a statement does nothing but read the tables: judged on the tree that DuckDB's own parser makes of it
 * (`json_serialize_sql`), before anything is bound or planned, since binding alone can open files. Whatever is not known
 * here to be harmless is refused: a kind of node, a function, a name in FROM. Settings of the instance are a second
 * wall behind this one.
 */

/** What DuckDB says of a text: a tree for each statement, or why there is none. */
export type Parsed =
  | { readonly error: false; readonly statements: readonly unknown[] }
  | { readonly error: true; readonly error_type: string; readonly error_message: string };

export interface Names {
  /** Of tables, lower case. */
  readonly tables: ReadonlySet<string>;
  /** Of their columns, lower case. */
  readonly columns: ReadonlySet<string>;
}

/** @returns why the statement is refused, or `undefined` when it may run */
export function refusalOf(parsed: Parsed, names: Names): string | undefined {
  if (parsed.error) {
    // What is no SELECT has no tree; everything else that DuckDB says is about the text.
    if (parsed.error_type === "not implemented") return ONLY_SELECT;
    return parsed.error_message;
  }
  const [statement, ...others] = parsed.statements;
  if (statement === undefined) return "There is no statement.";
  if (others.length > 0) return `One statement at a time: found ${parsed.statements.length}.`;
  if (!isNode(statement) || !isNode(statement["node"])) return ONLY_SELECT;
  try {
    new Walk(names).query(statement["node"], new Set());
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

const ONLY_SELECT = "Only a SELECT can be run: it reads the tables and nothing else.";

class Refusal extends Error {}

type Node = Readonly<Record<string, unknown>>;
/** Names of the common table expressions that can be seen from a place. */
type Scope = ReadonlySet<string>;

const EXPRESSIONS = new Set([
  "BETWEEN",
  "CASE",
  "CAST",
  "COLLATE",
  "COLUMN_REF",
  "COMPARISON",
  "CONJUNCTION",
  "CONSTANT",
  "FUNCTION",
  "LAMBDA",
  "LAMBDA_REF",
  "OPERATOR",
  "POSITIONAL_REFERENCE",
  "STAR",
  "SUBQUERY",
  "WINDOW",
]);

const QUERIES = new Set(["SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE"]);

const TABLES = new Set([
  "BASE_TABLE",
  "EMPTY",
  "EXPRESSION_LIST",
  "JOIN",
  "PIVOT",
  "SUBQUERY",
  "TABLE_FUNCTION",
]);

const MODIFIERS = new Set([
  "DISTINCT_MODIFIER",
  "LIMIT_MODIFIER",
  "LIMIT_PERCENT_MODIFIER",
  "ORDER_MODIFIER",
  "ORDER_DEFAULT",
  "ASCENDING",
  "DESCENDING",
]);

class Walk {
  readonly #names: Names;

  constructor(names: Names) {
    this.#names = names;
  }

  /** A query sees the names of its WITH; each body there sees those before it, and itself only if recursive. */
  query(node: Node, outer: Scope): void {
    const { cte_map: withClause, ...rest } = node;
    let scope = outer;
    for (const { key, value } of entriesOf(withClause)) {
      this.any(value, scope);
      scope = including(scope, key);
    }
    if (node["type"] === "RECURSIVE_CTE_NODE") {
      const { right, ...before } = rest;
      this.children(before, scope);
      this.any(right, including(scope, textOf(node, "cte_name")));
    } else this.children(rest, scope);
  }

  any(value: unknown, scope: Scope): void {
    if (Array.isArray(value)) for (const item of value) this.any(item, scope);
    else if (isNode(value)) this.#node(value, scope);
  }

  children(node: Node, scope: Scope): void {
    for (const value of Object.values(node)) this.any(value, scope);
  }

  #node(node: Node, scope: Scope): void {
    if ("is_null" in node || "type_info" in node) return; // a constant or a type
    if ("class" in node) return this.#expression(node, scope);
    const { type } = node;
    if (typeof type !== "string" || MODIFIERS.has(type)) return this.children(node, scope);
    if (QUERIES.has(type)) return this.query(node, scope);
    if (type === "SHOW_REF") {
      throw new Refusal("DESCRIBE, SHOW and SUMMARIZE are not answered here.");
    }
    if (!TABLES.has(type)) throw new Refusal(`${readable(type)} is not allowed.`);
    if (type === "BASE_TABLE") this.#table(node, scope);
    if (type === "TABLE_FUNCTION") return this.#tableFunction(node, scope);
    if (type === "PIVOT") checkPivot(node);
    this.children(node, scope);
  }

  #expression(node: Node, scope: Scope): void {
    const kind = textOf(node, "class");
    if (!EXPRESSIONS.has(kind)) throw new Refusal(`${readable(kind)} is not allowed.`);
    if (kind === "FUNCTION" || kind === "WINDOW") {
      const name = textOf(node, "function_name");
      if (!FUNCTIONS.has(lower(name))) throw new Refusal(`There is no function ${name} here.`);
    }
    if (kind === "COLUMN_REF") this.#column(node);
    this.children(node, scope);
  }

  #column(node: Node): void {
    const path = node["column_names"];
    if (!Array.isArray(path) || path.length !== 1) return;
    const name = lower(String(path[0]));
    if (SESSION_WORDS.has(name) && !this.#names.columns.has(name)) {
      throw new Refusal(`No table has a column ${name}, and what the session says is not allowed.`);
    }
  }

  #table(node: Node, scope: Scope): void {
    const name = textOf(node, "table_name");
    const isQualified = node["schema_name"] !== "" || node["catalog_name"] !== "";
    const isKnown = this.#names.tables.has(lower(name)) || scope.has(lower(name));
    if (!isQualified && isKnown && node["at_clause"] === null) return;
    const path = [node["catalog_name"], node["schema_name"], name].filter((part) => part !== "");
    throw new Refusal(`There is no table ${path.map((part) => `"${String(part)}"`).join(".")}.`);
  }

  #tableFunction(node: Node, scope: Scope): void {
    const call = node["function"];
    const name = isNode(call) ? textOf(call, "function_name") : "";
    if (!TABLE_FUNCTIONS.has(lower(name))) {
      throw new Refusal(`There is no function ${name} here for FROM.`);
    }
    this.children(node, scope);
  }
}

/** Values that a pivot takes from elsewhere are not in the tree. */
function checkPivot(node: Node): void {
  const pivots = node["pivots"];
  const areListed =
    Array.isArray(pivots) &&
    pivots.every(
      (pivot) =>
        isNode(pivot) &&
        pivot["pivot_enum"] === "" &&
        Array.isArray(pivot["entries"]) &&
        pivot["entries"].length > 0,
    );
  if (!areListed) throw new Refusal("A PIVOT must list its values: ON … IN (…).");
}

function entriesOf(map: unknown): readonly { readonly key: string; readonly value: unknown }[] {
  const entries = isNode(map) ? map["map"] : undefined;
  if (!Array.isArray(entries)) throw new Refusal("This statement is not understood.");
  return entries.map((entry: unknown) => {
    if (!isNode(entry)) throw new Refusal("This statement is not understood.");
    return { key: textOf(entry, "key"), value: entry["value"] };
  });
}

function textOf(node: Node, field: string): string {
  const text = node[field];
  if (typeof text !== "string") throw new Refusal("This statement is not understood.");
  return text;
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const including = (scope: Scope, name: string): Scope => new Set([...scope, lower(name)]);

const readable = (kind: string): string => kind.replaceAll("_", " ");

/** As DuckDB compares names: ASCII letters alone have two cases. */
export function lower(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
