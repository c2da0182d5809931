import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Plugin } from "esbuild";

/** How `@topline/kpi-engine` reads the text of a relation. */
const READING = 'readFileSync(new URL(`../sql/${name}.sql`, import.meta.url), "utf8")';

/** Files beside the code that the functions themselves look for. */
const OWN = /[\\/]apps[\\/]lambda[\\/]src[\\/]environment\.ts$/;

/**
 * Puts the relations' texts into the code. Any other module of Topline's that looks for a file beside itself would
 * not find it from the bundle, and fails the build.
 */
export const relationsInlined: Plugin = {
  name: "relations-inlined",
  setup(build) {
    build.onLoad(
      { filter: /[\\/](packages|apps)[\\/][^\\/]+[\\/]src[\\/].*\.ts$/ },
      async ({ path }) => {
        const code = await readFile(path, "utf8");
        if (!code.includes("import.meta.url") || OWN.test(path)) return undefined;
        const inlined = code.replace(READING, "(TEXTS[name] as string)");
        if (inlined.includes("import.meta.url")) {
          return {
            errors: [{ text: `${path} reads a file beside itself, which is not in the bundle.` }],
          };
        }
        const texts = await textsIn(join(path, "../../sql"));
        return {
          loader: "ts",
          contents: `const TEXTS: Record<string, string> = ${texts};\n${inlined}`,
        };
      },
    );
  },
};

async function textsIn(folder: string): Promise<string> {
  const texts: Record<string, string> = {};
  for (const file of await readdir(folder)) {
    texts[file.replace(/\.sql$/, "")] = await readFile(join(folder, file), "utf8");
  }
  return JSON.stringify(texts);
}
