import { ToplineError } from "@topline/core";
import { clientsFound, type LoadedConfig, portsAt } from "@topline/deployment";
import { preflight, prepare, type Requirement } from "@topline/local-harness";
import type { Invocation } from "./command.ts";
import { loadConfig } from "./config-file.ts";
import { stateDirectory } from "./settings.ts";
import type { Terminal } from "./terminal.ts";

/** What a pipeline needs of the external backend, and what of it is there; with `create`, made first. */
export async function examineExternal(
  { terminal, options, logger }: Invocation,
  { create }: { readonly create: boolean },
): Promise<readonly Requirement[]> {
  const config = await loadConfig(options, terminal);
  using clients = clientsFound(terminal.env, config.region);
  const { target } = portsAt(clients, config, stateDirectory(options, terminal), logger);
  const found = await (create ? prepare(target) : preflight(target));
  return config.engine === "glue" ? [...found, await lookForJob(terminal, config)] : found;
}

/** The job is not ours to make: a deployment has its role, its workers, its connections. */
async function lookForJob(terminal: Terminal, config: LoadedConfig): Promise<Requirement> {
  const { jobName } = config.glue;
  const what = {
    name: `Glue job ${jobName}`,
    needed_for: "the engine glue: the step transform",
    is_retryable: false,
  };
  const [{ glueJobExists }, { externalGlue }] = await Promise.all([
    import("@topline/aws-adapters/glue"),
    import("./glue/clients.ts"),
  ]);
  const client = externalGlue(terminal.env, config.region);
  try {
    if (await glueJobExists(client, jobName)) return { ...what, met: true, remedy: null };
    const remedy = `There is no Glue job ${jobName}. Deploy it with Topline's infrastructure, or name yours in glue.jobName of the configuration.`;
    return { ...what, met: false, remedy };
  } catch (error) {
    const { message: remedy, isRetryable } = ToplineError.from(error);
    return { ...what, met: false, remedy, is_retryable: isRetryable };
  } finally {
    client.destroy();
  }
}
