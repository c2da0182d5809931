import { randomUUID } from "node:crypto";
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  TransactWriteCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { type Clock, type Lease, type RunLedger, ToplineError } from "@topline/core";
import { Attributes } from "./attributes.ts";
import { pauseMs, retryingConflicts } from "./conflicts.ts";
import {
  cancellationReasons,
  faultOf,
  isConditionFailed,
  isConflict,
  leaseLost,
} from "./faults.ts";
import { type Fence, FENCE_ID } from "./fence.ts";

/**
 * The lease (`#lease`: holder, token, expiry) and the fence (`#fence`: the newest token ever given). The lease
 * comes and goes; the fence stays, so that tokens grow whatever clocks say.
 */

const LEASE_ID = "#lease";
const ATTEMPTS = 10;

export interface LeaseContext {
  readonly client: DynamoDBDocumentClient;
  readonly clock: Clock;
  readonly fence: Fence;
}

type LeaseCalls = Pick<RunLedger, "acquire" | "renew" | "release" | "holder" | "verify">;

interface State {
  readonly lease: Lease | undefined;
  /** Which taking wrote the lease: two may have the same holder and token. */
  readonly taking: string | undefined;
  readonly token: bigint | undefined;
}

export function leaseCalls(context: LeaseContext): LeaseCalls {
  const { client, clock, fence } = context;
  const { table: TableName, pipeline } = fence;
  const Key = { pipeline, id: LEASE_ID };
  const expiryIn = (seconds: number) => new Date(clock.now().getTime() + seconds * 1000);
  const isMine = (lease: Lease) => ({
    ConditionExpression: "#token = :token",
    ExpressionAttributeNames: { "#token": "token" },
    ExpressionAttributeValues: { ":token": lease.token },
  });

  return {
    acquire: (holder, seconds) => acquire(context, holder, seconds),

    async renew(lease, seconds) {
      const expiresAt = expiryIn(seconds);
      const { ExpressionAttributeValues: values, ...condition } = isMine(lease);
      const update = new UpdateCommand({
        TableName,
        Key,
        UpdateExpression: "SET expires_at = :expiry",
        ...condition,
        ExpressionAttributeValues: { ...values, ":expiry": expiresAt.toISOString() },
      });
      try {
        await retryingConflicts(clock, () => client.send(update));
      } catch (error) {
        if (isConditionFailed(error)) throw leaseLost(lease, error);
        throw faultOf(error, { operation: "UpdateItem", tables: [TableName] });
      }
      return { ...lease, expiresAt };
    },

    async release(lease) {
      const remove = new DeleteCommand({ TableName, Key, ...isMine(lease) });
      try {
        await retryingConflicts(clock, () => client.send(remove));
      } catch (error) {
        if (isConditionFailed(error)) return;
        throw faultOf(error, { operation: "DeleteItem", tables: [TableName] });
      }
    },

    holder: async () => (await readState(context)).lease,

    async verify(lease) {
      const { token } = await readState(context);
      if (token !== lease.token) throw leaseLost(lease);
    },
  };
}

/**
 * One transaction over lease and fence. Whatever its answer was, the lease is read back: an answer may have been
 * lost, and then the lease that is found is the one that was being written.
 */
async function acquire(context: LeaseContext, holder: string, seconds: number): Promise<Lease> {
  const { client, clock, fence } = context;
  let state = await readState(context);
  for (let attempt = 1; ; attempt++) {
    const now = clock.now();
    throwIfHeld(state, now);
    const last = state.token;
    const expiresAt = new Date(now.getTime() + seconds * 1000);
    const lease: Lease = { token: nextToken(last, now), holder, expiresAt };
    const taking = randomUUID();
    try {
      await client.send(takeCommand(fence, lease, taking, last, now));
      return lease;
    } catch (error) {
      const fault = faultOf(error, { operation: "TransactWriteItems", tables: [fence.table] });
      state = await readState(context).catch(() => {
        throw fault;
      });
      if (state.taking === taking) return lease;
      const wasOvertaken = cancellationReasons(error)?.includes("ConditionalCheckFailed") ?? false;
      if (wasOvertaken) throwIfHeld(state, clock.now());
      if (attempt === ATTEMPTS) throw wasOvertaken ? overtaken(fault) : fault;
      if (!wasOvertaken && !isConflict(error)) throw fault;
      await clock.sleep(pauseMs(attempt));
      state = await readState(context);
    }
  }
}

function takeCommand(
  { table: TableName, pipeline }: Fence,
  { token, holder, expiresAt }: Lease,
  taking: string,
  last: bigint | undefined,
  now: Date,
): TransactWriteCommand {
  const isLast =
    last === undefined
      ? { ConditionExpression: "attribute_not_exists(id)" }
      : {
          ConditionExpression: "#token = :last",
          ExpressionAttributeNames: { "#token": "token" },
          ExpressionAttributeValues: { ":last": last },
        };
  return new TransactWriteCommand({
    ClientRequestToken: taking,
    TransactItems: [
      { Put: { TableName, Item: { pipeline, id: FENCE_ID, token }, ...isLast } },
      {
        Put: {
          TableName,
          Item: {
            pipeline,
            id: LEASE_ID,
            holder,
            token,
            expires_at: expiresAt.toISOString(),
            taking,
          },
          ConditionExpression: "attribute_not_exists(id) OR expires_at <= :now",
          ExpressionAttributeValues: { ":now": now.toISOString() },
        },
      },
    ],
  });
}

function nextToken(last: bigint | undefined, now: Date): bigint {
  const epoch = BigInt(now.getTime());
  return last !== undefined && last >= epoch ? last + 1n : epoch;
}

/** @throws {ToplineError} `LEASE_HELD` */
function throwIfHeld({ lease }: State, now: Date): void {
  if (lease === undefined || lease.expiresAt <= now) return;
  throw new ToplineError(
    "LEASE_HELD",
    `The lease is held by ${lease.holder} until ${lease.expiresAt.toISOString()}, unless it is renewed.`,
  );
}

const overtaken = (cause: ToplineError) =>
  new ToplineError(
    "LEASE_HELD",
    `Others took the lease and let it go ${ATTEMPTS} times while this process tried to. Try again.`,
    { cause },
  );

async function readState({ client, fence }: LeaseContext): Promise<State> {
  const { table: TableName, pipeline } = fence;
  const read = async (id: string) => {
    const get = new GetCommand({ TableName, Key: { pipeline, id }, ConsistentRead: true });
    try {
      const { Item } = await client.send(get);
      return Item === undefined ? undefined : new Attributes(Item, `${TableName}, item ${id}`);
    } catch (error) {
      throw faultOf(error, { operation: "GetItem", tables: [TableName] });
    }
  };
  const [lease, newest] = await Promise.all([read(LEASE_ID), read(FENCE_ID)]);
  return {
    token: newest?.integer("token"),
    taking: lease?.text("taking"),
    lease: lease && {
      token: lease.integer("token"),
      holder: lease.text("holder"),
      expiresAt: lease.date("expires_at"),
    },
  };
}
