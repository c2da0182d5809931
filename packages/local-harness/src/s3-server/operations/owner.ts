import { element } from "../xml.ts";

/** Whoever asks is one and the same. */
const IDENTITY = [element("ID", "topline"), element("DisplayName", "topline")];

export const OWNER = element("Owner", IDENTITY);
export const INITIATOR = element("Initiator", IDENTITY);
