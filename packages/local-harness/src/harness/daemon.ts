import module from "node:module";
import { runDaemon } from "./daemon-process.ts";

// Whatever is loaded from here on is loaded faster the next time.
module.enableCompileCache?.();

await runDaemon(async () => {
  const [{ startS3Server: startS3 }, { startDynoxide: startDynamo }] = await Promise.all([
    import("../s3-server/index.ts"),
    import("../dynamodb/index.ts"),
  ]);
  return { startS3, startDynamo };
});
