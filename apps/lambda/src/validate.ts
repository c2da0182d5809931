import { handlerOf } from "./handler.ts";
import { validateStep } from "./steps/validate.ts";

export type { ValidateInput, ValidateOutput } from "./steps/validate.ts";

/** What the run takes in, decided and frozen. */
export const handler = handlerOf(validateStep);
