import module from "node:module";
import type { HarnessBackend } from "./backend.ts";
import { type DaemonArguments, type DaemonParts, runDaemon } from "./daemon-process.ts";

// Whatever is loaded from here on is loaded faster the next time.
module.enableCompileCache?.();

/** A backend's parts are loaded when that backend is asked for, and not else. */
const backends: Readonly<
  Record<HarnessBackend, (values: DaemonArguments) => Promise<DaemonParts>>
> = {
  async embedded() {
    const [{ startEmbedded }, { startS3Server: startS3 }, { startDynoxide: startDynamo }] =
      await Promise.all([
        import("./embedded.ts"),
        import("../s3-server/index.ts"),
        import("../dynamodb/index.ts"),
      ]);
    return { start: (options) => startEmbedded({ startS3, startDynamo }, options) };
  },
  async containers({ reuse }) {
    const { containerParts } = await import("../containers/index.ts");
    return containerParts({ reuse });
  },
};

await runDaemon((values) => backends[values.backend](values));
