/** The one way in which text becomes part of a statement here. */
export const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
