import { quarantineFolder } from "../layout.ts";
import type { EngineSession, SourceVerdict } from "../ports/engine.ts";
import type { HeldLease } from "./lease.ts";
import type { PipelineContext } from "./ports.ts";

/** A source's quarantine is replaced whole: parts that an earlier attempt left beyond today's go. */
export async function replaceQuarantine(
  { store }: Pick<PipelineContext, "store">,
  held: HeldLease,
  session: EngineSession,
  { sourceId, quarantined }: SourceVerdict,
): Promise<void> {
  const folder = quarantineFolder(sourceId);
  const rejected = Object.values(quarantined).some((rows) => rows > 0n);
  const written = new Set(rejected ? await session.writeQuarantine(sourceId, folder) : []);
  for await (const { key } of store.list(folder)) {
    if (written.has(key)) continue;
    // Writing took its time: what another has put here since is not ours to delete.
    await held.verify();
    await store.delete(key);
  }
}
