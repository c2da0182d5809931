import { dynamoKpiStore, dynamoRunLedger } from "@topline/aws-adapters/dynamodb";
import type { KpiRow } from "@topline/core";
import { afterAll, describe, expect, test } from "vitest";
import { GENRE_KPIS, genreRow, songRow, TOP_SONGS } from "../src/contracts/kpi-store/tables.ts";
import { contractClock, startContractDynamo } from "./contract-dynamodb.ts";
import { connectionReset, type Spy, spyOn, transactionConflict } from "./dynamodb-spy.ts";

const dynamo = await startContractDynamo();
afterAll(() => dynamo[Symbol.asyncDispose]());

const DATE = "2024-06-25";

/** Tables, and a ledger and a store whose client is spied on. */
async function spied(spy: Spy, maxAttempts = 3) {
  const open = await dynamo.open([GENRE_KPIS, TOP_SONGS]);
  const client = dynamo.connect(maxAttempts);
  const attempts = spyOn(client, spy);
  const { prefix, clock } = open;
  const ledger = dynamoRunLedger({ client, prefix, clock });
  const store = dynamoKpiStore({ client, prefix });
  return { ...open, others: open.ledger, attempts, ledger, store };
}

const losing = (operation: string, times: number): Spy => ({
  after(attempt) {
    if (attempt.operation === operation && attempt.count <= times) throw connectionReset();
  },
});

describe("an answer that was lost", () => {
  test.each([
    ["the SDK asks again", 3],
    ["nobody asks again", 1],
  ])("leaves the lease with whoever took it, when %s", async (_, maxAttempts) => {
    const { ledger, others, attempts } = await spied(losing("TransactWriteItems", 1), maxAttempts);
    const lease = await ledger.acquire("a", 30);
    expect(await others.holder()).toEqual(lease);
    const takings = attempts.filter(({ operation }) => operation === "TransactWriteItems");
    expect(takings).toHaveLength(Math.min(maxAttempts, 2));
    const tokens = takings.map(
      ({ input }) => (input as { ClientRequestToken: string }).ClientRequestToken,
    );
    expect(new Set(tokens).size).toBe(1);
  });

  test("does not give the lease of a namesake", async () => {
    // Both compute the same token and expiry: time stands still.
    const { ledger, others } = await spied({
      before: async ({ operation, count }) => {
        if (operation !== "TransactWriteItems" || count > 1) return;
        await others.acquire("a", 30);
        throw connectionReset();
      },
    });
    await expect(ledger.acquire("a", 30)).rejects.toMatchObject({ code: "LEASE_HELD" });
  });

  test.each(["UpdateItem", "DeleteItem", "TransactWriteItems"])(
    "of %s is asked for again, with the same outcome",
    async (operation) => {
      const { ledger, others, clock } = await spied(losing(operation, 1));
      const lease = await ledger.acquire("a", 30);
      clock.advance(1_000);
      const renewed = await ledger.renew(lease, 30);
      await ledger.open("run-1", lease);
      expect(await others.openRun()).toBe("run-1");
      await ledger.close("run-1", lease);
      expect(await others.openRun()).toBeUndefined();
      expect(await others.holder()).toEqual(renewed);
      await ledger.release(lease);
      expect(await others.holder()).toBeUndefined();
    },
  );
});

test("a lease that is renewed at the last moment is not taken", async () => {
  let renewal: (() => Promise<unknown>) | undefined;
  const { ledger, others, clock } = await spied({
    async before({ operation }) {
      if (operation === "TransactWriteItems") await renewal?.();
    },
  });
  const lease = await others.acquire("a", 30);
  clock.advance(30_000);
  renewal = () => others.renew(lease, 30);
  await expect(ledger.acquire("b", 30)).rejects.toMatchObject({ code: "LEASE_HELD" });
  await others.verify(lease);
});

describe("a transaction that meets another", () => {
  const conflicting = (times: number): Spy => ({
    before({ operation, count }) {
      if (operation === "TransactWriteItems" && count <= times) throw transactionConflict();
    },
  });

  test("is tried again", async () => {
    const { ledger, store } = await spied(conflicting(3));
    const lease = await ledger.acquire("a", 30);
    expect(await store.publish(GENRE_KPIS, DATE, [genreRow(DATE, "a")], lease)).toMatchObject({
      put: 1,
    });
  });

  test("is given up after a bounded number of attempts, as a fault that passes", async () => {
    const { ledger, attempts } = await spied(conflicting(Number.POSITIVE_INFINITY));
    await expect(ledger.acquire("a", 30)).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      isRetryable: true,
    });
    const takings = attempts.filter(({ operation }) => operation === "TransactWriteItems");
    expect(takings).toHaveLength(10);
  });
});

describe("publishing", () => {
  const day = (listens: bigint): KpiRow[] =>
    Array.from({ length: 80 }, (_, index) => `genre ${String(index).padStart(2, "0")}`).flatMap(
      (genre) => [1n, 2n, 3n].map((rank) => songRow(DATE, genre, rank, { listen_count: listens })),
    );

  test("that loses its lease midway changes no more, and leaves every list whole", async () => {
    let armed = false;
    const { ledger, others, store, clock, attempts } = await spied({
      async before({ operation }) {
        const written = attempts.filter((attempt) => attempt.operation === "TransactWriteItems");
        if (!armed || operation !== "TransactWriteItems" || written.length < before + 2) return;
        armed = false;
        clock.advance(60_000);
        await others.acquire("b", 30);
      },
    });
    const lease = await ledger.acquire("a", 30);
    await store.publish(TOP_SONGS, DATE, day(1n), lease);
    const before = attempts.filter(({ operation }) => operation === "TransactWriteItems").length;
    armed = true;
    await expect(store.publish(TOP_SONGS, DATE, day(2n), lease)).rejects.toMatchObject({
      code: "LEASE_LOST",
    });

    const rows = await store.read(TOP_SONGS, DATE);
    const byGenre = Map.groupBy(rows, (row) => row["genre"]);
    const counts = [...byGenre.values()].map(
      (list) => new Set(list.map((row) => row["listen_count"])),
    );
    expect(counts.every((values) => values.size === 1)).toBe(true);
    // Of three transactions of 33 lists and fewer, the first was done.
    expect(rows.filter((row) => row["listen_count"] === 2n)).toHaveLength(99);

    clock.advance(60_000);
    const next = await others.acquire("c", 30);
    expect(await store.publish(TOP_SONGS, DATE, day(2n), next)).toEqual({
      put: 141,
      deleted: 0,
      unchanged: 99,
    });
    expect(await store.read(TOP_SONGS, DATE)).toEqual(day(2n));
  });

  test("what is there already makes no write", async () => {
    const { ledger, store, attempts } = await spied({});
    const lease = await ledger.acquire("a", 30);
    await store.publish(TOP_SONGS, DATE, day(1n), lease);
    attempts.length = 0;
    await store.publish(TOP_SONGS, DATE, day(1n).toReversed(), lease);
    expect([...new Set(attempts.map(({ operation }) => operation))]).toEqual(["Query"]);
  });

  test("writes by transactions alone, one at a time, each with the fence in it", async () => {
    let underWay = 0;
    let most = 0;
    const { ledger, store, attempts } = await spied({
      before({ operation }) {
        if (operation === "TransactWriteItems") most = Math.max(most, ++underWay);
      },
      after({ operation }) {
        if (operation === "TransactWriteItems") underWay--;
      },
    });
    const lease = await ledger.acquire("a", 30);
    await store.publish(TOP_SONGS, DATE, day(1n), lease);
    attempts.length = 0;
    await store.publish(TOP_SONGS, DATE, day(2n).slice(100), lease);
    const writes = attempts.filter(({ operation }) => operation !== "Query");
    expect([...new Set(writes.map(({ operation }) => operation))]).toEqual(["TransactWriteItems"]);
    expect(writes.length).toBeGreaterThan(1);
    expect(most).toBe(1);
    for (const { input } of writes) {
      const items = (input as { TransactItems: object[] }).TransactItems;
      expect(items.length).toBeLessThanOrEqual(100);
      expect(items.filter((item) => "ConditionCheck" in item)).toHaveLength(1);
      expect(items[0]).toMatchObject({
        ConditionCheck: {
          Key: { id: { S: "#fence" } },
          ExpressionAttributeValues: { ":token": { N: String(lease.token) } },
        },
      });
    }
  });
});

test("no server is a fault that passes; no table is one that does not", async () => {
  const client = dynamo.connect(1);
  const ledger = dynamoRunLedger({ client, prefix: "nobody-", clock: contractClock() });
  const store = dynamoKpiStore({ client, prefix: "nobody-" });
  const refused = {
    code: "STORE_REFUSED",
    message: expect.stringContaining("nobody-PIPELINE_RUNS"),
  };
  await expect(ledger.acquire("a", 30)).rejects.toMatchObject(refused);
  await expect(Array.fromAsync(ledger.list())).rejects.toMatchObject(refused);
  await expect(store.read(TOP_SONGS, DATE)).rejects.toMatchObject({ code: "STORE_REFUSED" });

  const { ledger: cut } = await spied(
    {
      before() {
        throw connectionReset();
      },
    },
    1,
  );
  await expect(cut.acquire("a", 30)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  await expect(cut.holder()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
});
