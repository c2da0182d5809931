import process from "node:process";

// Before each file: a run that has slipped back to Node would pass, and prove nothing.

const { Deno: runtime } = globalThis as { Deno?: { readonly version: { readonly deno: string } } };

if (runtime?.version.deno.startsWith("2.") !== true) {
  throw new Error(`The run on Deno 2 is run by ${process.execPath}.`);
}
