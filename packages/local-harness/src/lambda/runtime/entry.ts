// Begins a runtime: what is loaded from here on is compiled once for all environments, and kept on disk. The
// argument says where.
import module from "node:module";
import process from "node:process";

module.enableCompileCache?.(process.argv[2]);
await import("./main.ts");
