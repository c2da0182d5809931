import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";
import { hostname } from "node:os";

/** By these labels, and by nothing else, containers are known to be ours. */
export const LABEL = {
  /** Whose: of which state directory. */
  owner: "topline.harness.owner",
  /** Of which start. Ryuk removes by it; containers that are kept have none. */
  session: "topline.harness.session",
  /** They stay until somebody removes them. */
  kept: "topline.harness.kept",
  /** A Ryuk: of which session. */
  reaps: "topline.harness.reaps",
  service: "topline.harness.service",
  image: "topline.harness.image",
} as const;

/** The same for a directory by whatever path, and another on every machine: a Docker daemon may serve several. */
export async function ownerOf(directory: string): Promise<string> {
  const path = await realpath(directory);
  return createHash("sha256").update(`${hostname()}\0${path}`).digest("hex").slice(0, 16);
}

/** What removes containers, for people to copy. */
export const removalOf = (label: string) =>
  `docker rm --force --volumes $(docker ps --all --quiet --filter label=${label})`;
