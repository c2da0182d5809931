import type { Zone } from "@topline/core";
import { test } from "vitest";

/** A zone without tables, for one test. */
export interface OpenZone extends AsyncDisposable {
  readonly zone: Zone;
  /** A second process's view over the same state: nothing that the first keeps in memory is known to it. */
  readonly another: () => Zone;
}

export interface ZoneBackend {
  open(): Promise<OpenZone>;
}

export const zoneTestOver = (backend: ZoneBackend) =>
  test
    // oxlint-disable-next-line no-empty-pattern -- vitest reads from the pattern which fixtures to set up first
    .extend("open", async ({}, { onCleanup }) => {
      const open = await backend.open();
      onCleanup(() => open[Symbol.asyncDispose]());
      return open;
    })
    .extend("zone", ({ open }) => open.zone)
    .extend("another", ({ open }) => open.another);

/** vitest's `test`, with an empty zone in its context. */
export type ZoneTest = ReturnType<typeof zoneTestOver>;
