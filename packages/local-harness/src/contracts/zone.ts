import { describe } from "vitest";
import { describeCommits } from "./zone/commits.ts";
import { describeCommit } from "./zone/committing.ts";
import { describeRaces } from "./zone/races.ts";
import { describeSnapshot } from "./zone/snapshots.ts";
import { type ZoneBackend, zoneTestOver } from "./zone/zone-test.ts";

export type { OpenZone, ZoneBackend } from "./zone/zone-test.ts";

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
