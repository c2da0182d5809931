/** The backend `external`: AWS itself, or any other endpoints, as they are. */
export { preflight } from "./preflight.ts";
export { prepare } from "./prepare.ts";
export type { ExternalTarget, Requirement } from "./requirement.ts";
