import module from "node:module";
import type { HarnessBackend } from "./backend.ts";
import type { PartOptions } from "./embedded.ts";
import { type DaemonArguments, type DaemonParts, runDaemon } from "./daemon-process.ts";

// Whatever is loaded from here on is loaded faster the next time.
module.enableCompileCache?.();

/** More than either server of DynamoDB gives itself. */
const STARTING_MS = 65_000;

/** A backend's parts are loaded when that backend is asked for, and not else. */
const backends: Readonly<
  Record<HarnessBackend, (values: DaemonArguments) => Promise<DaemonParts>>
> = {
  async embedded({ dynamodb }) {
    const [{ startEmbedded }, { startS3Server: startS3 }, { startEmbeddedDynamo }] =
      await Promise.all([
        import("./embedded.ts"),
        import("../s3-server/index.ts"),
        import("../dynamodb/index.ts"),
      ]);
    const startDynamo = (options: PartOptions) => startEmbeddedDynamo(options, dynamodb);
    return { start: (options) => startEmbedded({ startS3, startDynamo }, options, STARTING_MS) };
  },
  async containers({ reuse }) {
    const { containerParts } = await import("../containers/index.ts");
    return containerParts({ reuse });
  },
};

await runDaemon((values) => backends[values.backend](values));
