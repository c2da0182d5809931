import { randomUUID } from "node:crypto";
import { type Docker, unavailable } from "./docker.ts";
import type { Emulator } from "./emulators.ts";
import { LABEL, removalOf } from "./labels.ts";
import { removeContainer } from "./removal.ts";

export interface ClaimOptions {
  /** Whose containers these are. */
  readonly owner?: string;
  readonly reuse?: boolean;
}

/** What a start has to do with the containers that are there. */
export interface Claim {
  /** Those that run stay when their user ends. */
  readonly areKept: boolean;
  /** Of this start. */
  readonly session: string;
  /** Whose the containers of this start are, if somebody's. */
  readonly labels: Readonly<Record<string, string>>;
  /** Tells those that stay from those that Ryuk is to remove. */
  readonly mark: Readonly<Record<string, string>>;
  /** The label that finds them, and no others. */
  readonly label: string;
  /** Ends the names of containers, so that people can tell them apart. */
  readonly suffix: string;
  /** The container of a service that was kept, by id. */
  readonly kept: ReadonlyMap<string, string>;
}

/** Whose they are that nobody in particular keeps. */
const SHARED = "shared";

/**
 * Finds what was kept for an owner, and removes what a killed process of the owner left behind. Whatever was
 * kept is taken up again, asked or not: the state is in it.
 *
 * @throws {ToplineError} `HARNESS_UNAVAILABLE` when what was kept is of another version
 */
export async function claim(
  docker: Docker,
  emulators: readonly Emulator[],
  { owner, reuse = false }: ClaimOptions,
): Promise<Claim> {
  const name = owner ?? (reuse ? SHARED : undefined);
  const label = `${LABEL.owner}=${name}`;
  const kept = new Map<string, string>();
  for (const found of name === undefined ? [] : await containersOf(docker, label)) {
    const service = found.Labels[LABEL.service] ?? "";
    if (found.Labels[LABEL.kept] === undefined) await removeContainer(docker, found.Id);
    else kept.set(service, found.Id);
    const wanted = emulators.find((emulator) => emulator.service === service)?.image;
    const image = found.Labels[LABEL.image];
    if (kept.has(service) && image !== wanted) {
      throw unavailable(
        `The ${service} container that was kept, ${found.Id.slice(0, 12)}, runs ${image}, but ${wanted} is wanted. Whatever it holds goes with it; remove it with: ${removalOf(label)}`,
      );
    }
  }
  const session = randomUUID();
  const shared = { session, labels: name === undefined ? {} : { [LABEL.owner]: name }, kept };
  return reuse || kept.size > 0
    ? { ...shared, areKept: true, mark: { [LABEL.kept]: "true" }, label, suffix: name ?? "" }
    : {
        ...shared,
        areKept: false,
        mark: { [LABEL.session]: session },
        label: `${LABEL.session}=${session}`,
        suffix: session.slice(0, 8),
      };
}

/** In whatever state they are, those included that were made and never started. */
function containersOf({ engine }: Docker, label: string) {
  return engine.listContainers({ all: true, filters: { label: [label] } });
}
