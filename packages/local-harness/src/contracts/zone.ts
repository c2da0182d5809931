import type { Zone } from "@topline/core";
import { describe, test } from "vitest";
import { describeCommits } from "./zone/commits.ts";
import { describeCommit } from "./zone/committing.ts";
import { describeRaces } from "./zone/races.ts";
import { describeSnapshot } from "./zone/snapshots.ts";

/** A zone without tables, for one test. */
export interface OpenZone extends AsyncDisposable {
  readonly zone: Zone;
  /** A second process's view over the same state: nothing that the first keeps in memory is known to it. */
  readonly another: () => Zone;
}

export interface ZoneBackend {
  open(): Promise<OpenZone>;
}

const zoneTestOver = (backend: ZoneBackend) =>
  test
    // oxlint-disable-next-line no-empty-pattern -- vitest reads from the pattern which fixtures to set up first
    .extend("open", async ({}, { onCleanup }) => {
      const open = await backend.open();
      onCleanup(() => open[Symbol.asyncDispose]());
      return open;
    })
    .extend("zone", ({ open }) => open.zone)
    .extend("another", ({ open }) => open.another);

export type ZoneTest = ReturnType<typeof zoneTestOver>;

/** Registers the tests of the `Zone` port. */
export function describeZone(name: string, backend: ZoneBackend): void {
  const zoneTest = zoneTestOver(backend);
  describe(`zone: ${name}`, () => {
    describe("snapshot", () => {
      describeSnapshot(zoneTest);
    });
    describe("commits", () => {
      describeCommits(zoneTest);
    });
    describe("commit", () => {
      describeCommit(zoneTest);
    });
    describe("commit among others", () => {
      describeRaces(zoneTest);
    });
  });
}
