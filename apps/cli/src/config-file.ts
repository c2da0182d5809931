import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseConfig, ToplineError } from "@topline/core";
import type { LoadedConfig } from "@topline/deployment";
import type { GlobalOptions } from "./settings.ts";
import type { Terminal } from "./terminal.ts";

const DEFAULT_FILE = "topline.config.ts";

/**
 * `topline.config.ts` of the working directory, or the file that `--config` names; without one, the defaults.
 * @throws {ToplineError} `CONFIG_INVALID`
 */
export async function loadConfig(options: GlobalOptions, { cwd }: Terminal): Promise<LoadedConfig> {
  const file = resolve(cwd, options.config ?? DEFAULT_FILE);
  if (!existsSync(file)) {
    if (options.config === undefined) return { ...parseConfig({}, "the default"), kpis: [] };
    throw new ToplineError("CONFIG_INVALID", `There is no configuration file ${file}.`);
  }
  const config = parseConfig(await importDefault(file), file);
  const kpis = config.kpis.map(async ({ sqlFile, table }) => ({
    table,
    sql: await readSql(resolve(dirname(file), sqlFile), file),
  }));
  return { ...config, kpis: await Promise.all(kpis) };
}

async function importDefault(file: string): Promise<unknown> {
  try {
    const module = (await import(pathToFileURL(file).href)) as { default?: unknown };
    if (module.default !== undefined) return module.default;
  } catch (error) {
    throw new ToplineError("CONFIG_INVALID", `${file} cannot be loaded: ${String(error)}`, {
      cause: error,
    });
  }
  throw new ToplineError(
    "CONFIG_INVALID",
    `${file} has no default export. It must end in: export default defineConfig({ … });`,
  );
}

async function readSql(path: string, config: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new ToplineError(
      "CONFIG_INVALID",
      `${config} names the relation ${path}, which cannot be read: ${String(error)}`,
      { cause: error },
    );
  }
}
