import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import type { InvocationContext } from "./context.ts";
import {
  CallbackHandlerDeprecated,
  HandlerNotFound,
  ImportModuleError,
  MalformedHandlerName,
  UserCodeSyntaxError,
} from "./errors.ts";

export type Handler = (event: unknown, context: InvocationContext) => unknown;

const EXTENSIONS = [".js", ".mjs", ".cjs", ".ts", ".mts"];
const MISSING = new Set(["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"]);

/**
 * @param folder the code's; it becomes the working directory
 * @param name `module.export`, the module a path below the folder
 * @throws what Lambda's runtime would tell, or what the module threw
 */
export async function loadHandler(folder: string, name: string): Promise<Handler> {
  if (name.includes("..")) {
    throw new MalformedHandlerName(
      `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const [, path = "", exported = ""] = /^((?:.*\/)?[^./]+)\.(.+)$/.exec(name) ?? [];
  if (path === "") throw new MalformedHandlerName("Bad handler");
  let found: unknown = await loadModule(folder, path);
  for (const part of exported.split(".")) {
    found = (found as Record<string, unknown> | null | undefined)?.[part];
  }
  if (found === undefined || found === null) {
    throw new HandlerNotFound(`${name} is undefined or not exported`);
  }
  if (typeof found !== "function") throw new HandlerNotFound(`${name} is not a function`);
  if (found.length > 2) throw new CallbackHandlerDeprecated();
  return found as Handler;
}

async function loadModule(folder: string, path: string): Promise<object> {
  const file = EXTENSIONS.map((extension) => join(folder, `${path}${extension}`)).find(existsSync);
  if (file === undefined) {
    throw new ImportModuleError(
      `Error: Cannot find module '${path}': there is no ${path}{${EXTENSIONS.join(",")}} in ${folder}`,
    );
  }
  try {
    process.chdir(folder);
    process.env["PWD"] = folder;
    const loaded = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
    // A CommonJS module whose exports nobody could foresee.
    const { default: whole } = loaded;
    return typeof whole === "object" && whole !== null ? { ...whole, ...loaded } : loaded;
  } catch (error) {
    if (isSyntaxError(error)) throw new UserCodeSyntaxError(String(error));
    const code = (error as { readonly code?: unknown } | null)?.code;
    if (typeof code === "string" && MISSING.has(code)) throw new ImportModuleError(String(error));
    throw error;
  }
}

/** Deno tells of one by a TypeError, with the name in its text. */
const isSyntaxError = (error: unknown): boolean =>
  error instanceof SyntaxError ||
  (error instanceof Error && error.message.startsWith("SyntaxError: "));
