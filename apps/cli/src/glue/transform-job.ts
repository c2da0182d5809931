import { join } from "node:path";
import type { JobRunProgress } from "@topline/aws-adapters/glue";
import type { Logger, ObjectStore, TransformJob } from "@topline/core";
import type { LoadedConfig } from "@topline/deployment";
import type { HarnessEndpoints } from "@topline/local-harness";
import type { Terminal } from "../terminal.ts";

export interface GluePlace {
  readonly config: LoadedConfig;
  readonly logger: Logger;
  readonly onJobProgress?: ((progress: JobRunProgress) => void) | undefined;
}

export interface HarnessGluePlace extends GluePlace {
  readonly endpoints: HarnessEndpoints;
  readonly store: ObjectStore;
  /** Of the state. */
  readonly directory: string;
}

/** On one machine a look costs nothing, and somebody waits. */
const HARNESS_POLLS = { firstPollMs: 100, longestPollMs: 1_000 };

/**
 * The step transform by a job of the harness's own Glue, which is made when it is to run for the first time. What it
 * takes to do so is loaded then.
 */
export function harnessTransformJob(place: HarnessGluePlace): TransformJob {
  const { config, endpoints, directory } = place;
  const { jobName } = config.glue;
  return {
    name: nameOf(config),
    async run(request, options) {
      const [{ glueTransformJob }, { systemClock }, { harnessGlue }, { makeJob }] =
        await Promise.all([
          import("@topline/aws-adapters/glue"),
          import("@topline/deployment"),
          import("./clients.ts"),
          import("./job-code.ts"),
        ]);
      const client = harnessGlue(endpoints);
      try {
        await makeJob(client, place);
        const job = glueTransformJob({
          client,
          jobName,
          clock: systemClock,
          ...common(place),
          ...HARNESS_POLLS,
          logOf: (id) => logOf(directory, id),
        });
        await job.run(request, options);
      } finally {
        client.destroy();
      }
    },
  };
}

/** The step transform by a job that is there already. */
export function externalTransformJob(place: GluePlace, terminal: Terminal): TransformJob {
  const { config } = place;
  return {
    name: nameOf(config),
    async run(request, options) {
      const [{ glueTransformJob }, { systemClock }, { externalGlue }] = await Promise.all([
        import("@topline/aws-adapters/glue"),
        import("@topline/deployment"),
        import("./clients.ts"),
      ]);
      const client = externalGlue(terminal.env, config.region);
      const { jobName } = config.glue;
      try {
        const job = glueTransformJob({ client, jobName, clock: systemClock, ...common(place) });
        await job.run(request, options);
      } finally {
        client.destroy();
      }
    },
  };
}

const nameOf = ({ glue }: LoadedConfig) => `glue ${glue.jobName}`;

function common({ config, logger, onJobProgress }: GluePlace) {
  return {
    arguments: argumentsOf(config),
    logger,
    ...(onJobProgress === undefined ? {} : { onProgress: onJobProgress }),
  };
}

/** Those that tell one deployment's runs from another's. */
export const argumentsOf = ({ bucket, tablePrefix }: LoadedConfig) => ({
  "--bucket": bucket,
  ...(tablePrefix === "" ? {} : { "--table_prefix": tablePrefix }),
});

/** Where a harness with this state keeps the log of a job run. */
export const logOf = (directory: string, id: string): string =>
  join(directory, "glue", "logs", `${id}.log`);
