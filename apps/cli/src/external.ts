import { preflight, prepare, type Requirement } from "@topline/local-harness";
import { externalClients } from "./clients.ts";
import type { Invocation } from "./command.ts";
import { loadConfig } from "./config-file.ts";
import { portsAt } from "./ports.ts";
import { stateDirectory } from "./settings.ts";

/** What a pipeline needs of the external backend, and what of it is there; with `create`, made first. */
export async function examineExternal(
  { terminal, options, logger }: Invocation,
  { create }: { readonly create: boolean },
): Promise<readonly Requirement[]> {
  const config = await loadConfig(options, terminal);
  using clients = externalClients(terminal, config.region);
  const { target } = portsAt(clients, config, stateDirectory(options, terminal), logger);
  return create ? prepare(target) : preflight(target);
}
