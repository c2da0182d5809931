import { S3Error } from "./errors.ts";

/** XML that is already escaped. */
export interface Markup {
  readonly markup: string;
}

type Content = string | number | boolean | readonly (Markup | undefined)[];

export function element(name: string, content: Content): Markup {
  const inner =
    typeof content === "object"
      ? content.map((child) => child?.markup ?? "").join("")
      : escape(String(content));
  return { markup: `<${name}>${inner}</${name}>` };
}

/** Nothing, where there is no content. */
export const optional = (name: string, content: Content | undefined): Markup | undefined =>
  content === undefined ? undefined : element(name, content);

export function xmlDocument(name: string, content: Content): string {
  const { markup } = element(name, content);
  const rest = markup.slice(name.length + 1);
  return `${DECLARATION}<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/"${rest}`;
}

/** S3 gives its errors no namespace. */
export const errorDocument = (details: Readonly<Record<string, string>>): string =>
  DECLARATION +
  element(
    "Error",
    Object.entries(details).map(([name, value]) => element(name, value)),
  ).markup;

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\r": "&#xD;",
  "\n": "&#10;",
};

/** Control characters have no place in XML 1.0, not even as references; S3 sends such references all the same. */
const escape = (text: string) =>
  text.replace(
    /[&<>"\u0000-\u001f]/g,
    (character) => ENTITIES[character] ?? `&#x${character.charCodeAt(0).toString(16)};`,
  );

/** Text, the elements inside, or the list of equal ones. */
export type XmlValue = string | XmlNode | readonly XmlValue[] | undefined;
export interface XmlNode {
  readonly [name: string]: XmlValue;
}

/** Loaded with the first document that comes: most servers never see one, and it would be felt in their start. */
const loadParser = async () => {
  const { XMLParser, XMLValidator } = await import("fast-xml-parser");
  const parser = new XMLParser({
    ignoreAttributes: true,
    ignoreDeclaration: true,
    removeNSPrefix: true,
    parseTagValue: false,
    trimValues: false,
    htmlEntities: true,
    // One and many read alike.
    isArray: () => true,
  });
  return { parser, isValid: (text: string) => XMLValidator.validate(text) === true };
};
let loading: ReturnType<typeof loadParser> | undefined;

/** @throws {S3Error} `MalformedXML` when it is no document with that root */
export async function parseDocument(text: string, root: string): Promise<XmlNode> {
  const { parser, isValid } = await (loading ??= loadParser());
  if (!isValid(text)) throw new S3Error("MalformedXML");
  let parsed: XmlNode;
  try {
    parsed = parser.parse(text) as XmlNode;
  } catch {
    throw new S3Error("MalformedXML");
  }
  const [node] = nodes(parsed, root);
  if (node === undefined) throw new S3Error("MalformedXML");
  return node;
}

/** The elements of that name; one without elements of its own has no fields. */
export function nodes(parent: XmlNode, name: string): XmlNode[] {
  return values(parent, name).map((value) =>
    typeof value === "object" && !Array.isArray(value) ? (value as XmlNode) : {},
  );
}

/** The text of the first element of that name. */
export function text(parent: XmlNode, name: string): string | undefined {
  const [value] = values(parent, name);
  return typeof value === "string" ? value : undefined;
}

function values(parent: XmlNode, name: string): readonly XmlValue[] {
  const value = Object.hasOwn(parent, name) ? parent[name] : undefined;
  return Array.isArray(value) ? (value as readonly XmlValue[]) : [];
}
