import { expect, test } from "vitest";
import { describeNeeding } from "../../../test/needs.ts";
import { both } from "./bridge/both.ts";

/** One lease for processes of either language. */

const SIDES = [
  ["typescript", "python"],
  ["python", "typescript"],
] as const;

describeNeeding(["python"], "the lease", ({ python }) => {
  const open = both(python);

  test.each(SIDES)("that %s holds is refused to %s, and the holder named", async (one, other) => {
    await using tables = await open().tables([]);
    const lease = await tables[one].ledger.acquire("machine 1, transform", 30);
    const message = `The lease is held by machine 1, transform until ${lease.expiresAt.toISOString()}, unless it is renewed.`;
    for (const side of [one, other]) {
      await expect(tables[side].ledger.acquire("machine 2", 30)).rejects.toMatchObject({
        code: "LEASE_HELD",
        message,
      });
    }
    await tables[one].ledger.release(lease);
    await expect(tables[other].ledger.acquire("machine 2", 30)).resolves.toMatchObject({
      token: lease.token + 1n,
    });
  });

  test.each(SIDES)("of %s that %s has taken over is lost to it", async (one, other) => {
    await using tables = await open().tables([]);
    const lost = await tables[one].ledger.acquire("late", 30);
    tables.clock.advance(30_000);
    const newest = await tables[other].ledger.acquire("next", 30);
    const cursor = { zone: { songs: 1, users: 1, streams: 1 }, planHash: "a" };
    for (const side of [one, other]) {
      const fault = {
        code: "LEASE_LOST",
        message: `Lease ${lost.token} of late has ended or was taken over; nothing more was changed. Run the step again.`,
      };
      await expect(tables[side].ledger.verify(lost)).rejects.toMatchObject(fault);
      await expect(tables[side].ledger.moveCursor(cursor, lost)).rejects.toMatchObject(fault);
    }
    await tables[one].ledger.moveCursor(cursor, newest);
    expect(await tables[other].ledger.cursor()).toEqual(cursor);
  });

  test("is one's, of many who want it at once", async () => {
    await using tables = await open().tables([]);
    for (let round = 0; round < 3; round++) {
      const attempts = Array.from({ length: 16 }, (_, at) =>
        tables[SIDES[at % 2]?.[0] ?? "python"].ledger.acquire(`machine ${at}`, 30),
      );
      const outcomes = await Promise.allSettled(attempts);
      const won = outcomes.filter((outcome) => outcome.status === "fulfilled");
      expect(won).toHaveLength(1);
      expect(await tables.python.ledger.holder()).toEqual(won[0]?.value);
      tables.clock.advance(30_000);
    }
  });
});
