import type { Logger, PipelineContext } from "@topline/core";
import { contextOf, newWorld, type World } from "../../../packages/core/test/world.ts";
import type { Environment } from "../src/environment.ts";
import { handlerOf } from "../src/handler.ts";
import { archiveStep } from "../src/steps/archive.ts";
import { transformStep } from "../src/steps/transform.ts";
import { validateStep } from "../src/steps/validate.ts";

type Ports = Partial<PipelineContext>;

/** The functions over ports in memory. */
export function functionsOver(
  ports: Ports | ((logger: Logger) => Ports) = {},
  world: World = newWorld(),
) {
  let opened = 0;
  const open = async (logger: Logger): Promise<Environment> => {
    opened++;
    const own = typeof ports === "function" ? ports(logger) : ports;
    return { ports: contextOf(world, own), leaseSeconds: 30 };
  };
  return {
    world,
    opened: () => opened,
    validate: handlerOf(validateStep, open),
    transform: handlerOf(transformStep, open),
    archive: handlerOf(archiveStep, open),
  };
}
