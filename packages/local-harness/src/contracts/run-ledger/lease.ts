import { expect } from "vitest";
import { HOUR, type LedgerTest } from "./ledger-test.ts";

export function describeLease(ledgerTest: LedgerTest): void {
  ledgerTest("whoever takes it holds it, for as long as was asked", async ({ ledger, clock }) => {
    expect(await ledger.holder()).toBeUndefined();
    const lease = await ledger.acquire("machine 1, transform", 30);
    expect(lease.holder).toBe("machine 1, transform");
    expect(lease.expiresAt).toEqual(new Date(clock.now().getTime() + 30_000));
    expect(await ledger.holder()).toEqual(lease);
    await expect(ledger.verify(lease)).resolves.toBeUndefined();
  });

  ledgerTest("nobody else gets it, and the fault says who and how long", async ({ ledger }) => {
    const lease = await ledger.acquire("machine 1", 30);
    // A holder's name is no right: the same name may be another attempt.
    for (const holder of ["machine 2", "machine 1"]) {
      const refused = ledger.acquire(holder, 30);
      await expect(refused).rejects.toMatchObject({ code: "LEASE_HELD", isRetryable: true });
      await expect(refused).rejects.toThrow("machine 1");
      await expect(refused).rejects.toThrow(lease.expiresAt.toISOString());
    }
    expect(await ledger.holder()).toEqual(lease);
    await ledger.verify(lease);
  });

  ledgerTest("once released it is free", async ({ ledger }) => {
    const first = await ledger.acquire("a", 30);
    await ledger.release(first);
    expect(await ledger.holder()).toBeUndefined();
    const second = await ledger.acquire("b", 30);
    expect(await ledger.holder()).toEqual(second);
    await ledger.release(first);
    expect(await ledger.holder()).toEqual(second);
  });

  ledgerTest(
    "once expired it is free, and not a millisecond earlier",
    async ({ ledger, clock }) => {
      const first = await ledger.acquire("a", 30);
      clock.advance(29_999);
      await expect(ledger.acquire("b", 30)).rejects.toMatchObject({ code: "LEASE_HELD" });
      clock.advance(1);
      expect(await ledger.holder()).toEqual(first);
      const second = await ledger.acquire("b", 30);
      expect(await ledger.holder()).toEqual(second);
      await expect(ledger.verify(first)).rejects.toMatchObject({ code: "LEASE_LOST" });
    },
  );

  ledgerTest(
    "renewed it lasts longer, also when it had expired untaken",
    async ({ ledger, clock }) => {
      const lease = await ledger.acquire("a", 30);
      clock.advance(20_000);
      const renewed = await ledger.renew(lease, 30);
      expect(renewed).toEqual({ ...lease, expiresAt: new Date(clock.now().getTime() + 30_000) });
      expect(await ledger.holder()).toEqual(renewed);
      clock.advance(20_000);
      await expect(ledger.acquire("b", 30)).rejects.toMatchObject({ code: "LEASE_HELD" });
      clock.advance(HOUR);
      const late = await ledger.renew(lease, 30);
      expect(late.token).toBe(lease.token);
      await expect(ledger.acquire("b", 30)).rejects.toMatchObject({ code: "LEASE_HELD" });
    },
  );

  for (const [who, holderOf] of [
    ["strangers", (index: number) => `machine ${index}`],
    ["namesakes", () => "machine"],
  ] as const) {
    ledgerTest(`of 20 ${who} at once one gets it`, async ({ ledger, clock }) => {
      for (let round = 0; round < 3; round++) {
        const attempts = Array.from({ length: 20 }, (_, index) =>
          ledger.acquire(holderOf(index), 30),
        );
        const outcomes = await Promise.allSettled(attempts);
        const won = outcomes.filter((outcome) => outcome.status === "fulfilled");
        const lost = outcomes.filter((outcome) => outcome.status === "rejected");
        expect(won).toHaveLength(1);
        for (const { reason } of lost) expect(reason).toMatchObject({ code: "LEASE_HELD" });
        expect(await ledger.holder()).toEqual(won[0]?.value);
        clock.advance(30_000);
      }
    });
  }
}

export function describeToken(ledgerTest: LedgerTest): void {
  ledgerTest(
    "grows with every taking, also when the clock goes back",
    async ({ ledger, clock }) => {
      const jumps = [0, 1, 0, HOUR, -2 * HOUR, 0, 1, -HOUR, 5 * HOUR];
      let last = 0n;
      for (const jump of jumps) {
        clock.advance(jump);
        const lease = await ledger.acquire("a", 30);
        expect(lease.token).toBeGreaterThan(last);
        last = lease.token;
        await ledger.release(lease);
      }
    },
  );

  ledgerTest(
    "is the greater of the last one's successor and epoch milliseconds",
    async ({ ledger, clock }) => {
      const epoch = () => BigInt(clock.now().getTime());
      const take = async () => {
        const lease = await ledger.acquire("a", 30);
        await ledger.release(lease);
        return lease.token;
      };
      const first = epoch();
      expect(await take()).toBe(first);
      expect(await take()).toBe(first + 1n);
      clock.advance(5_000);
      expect(await take()).toBe(first + 5_000n);
      clock.advance(-HOUR);
      expect(await take()).toBe(first + 5_001n);
    },
  );
}
