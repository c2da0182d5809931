import type { Docker } from "./docker.ts";

/** With its anonymous volumes. Resolves once it is gone, whoever removed it. */
export async function removeContainer({ engine }: Docker, id: string): Promise<void> {
  const container = engine.getContainer(id);
  try {
    await container.remove({ force: true, v: true });
  } catch (error) {
    if (isStatus(error, 404)) return;
    // Somebody else is removing it.
    if (!isStatus(error, 409)) throw error;
    await container.wait({ condition: "removed" }).catch((gone: unknown) => {
      if (!isStatus(gone, 404)) throw gone;
    });
  }
}

export const isStatus = (error: unknown, status: number) =>
  error instanceof Error && "statusCode" in error && error.statusCode === status;
