import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { relationsInlined } from "./relations-inlined.ts";

const ENTRIES = ["validate", "transform", "archive"] as const;

/**
 * DuckDB comes in a layer. Lambda's `NODE_PATH`, where layers are, is for `require` alone, so that is how it is
 * asked for; and only when it is needed.
 */
const duckdbRequired: Plugin = {
  name: "duckdb-required",
  setup(build) {
    build.onResolve({ filter: /^@duckdb\/node-api$/ }, ({ path, kind }) =>
      kind === "require-call" ? { path, external: true } : { path, namespace: "layer" },
    );
    build.onLoad({ filter: /.*/, namespace: "layer" }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
      loader: "js",
    }));
  },
};

/** Each function as one module, `<folder>/<name>.mjs`, with its source map beside it. Whatever is there is replaced. */
export async function bundleFunctions(folder: string): Promise<void> {
  await build({
    absWorkingDir: fileURLToPath(new URL("..", import.meta.url)),
    entryPoints: ENTRIES.map((name) => `src/${name}.ts`),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    // The SDK's modules for bundlers, of which what is not used is left out.
    mainFields: ["module", "main"],
    conditions: ["@topline/source", "module"],
    minify: true,
    // Names are what logs tell of errors.
    keepNames: true,
    sourcemap: true,
    sourcesContent: false,
    legalComments: "none",
    logLevel: "warning",
    plugins: [relationsInlined, duckdbRequired],
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
  });
}
