import { ToplineError } from "@topline/core";
import { expect, test } from "vitest";
import { cancellationReasons, faultOf, isConflict } from "./faults.ts";

const call = { operation: "Query", tables: ["dev-TOP_SONGS"] };

const answer = (name: string, status?: number, more: object = {}) =>
  Object.assign(new Error("as it says"), {
    name,
    $metadata: { attempts: 6, ...(status === undefined ? {} : { httpStatusCode: status }) },
    ...more,
  });

const cancelled = (...codes: string[]) =>
  answer("TransactionCanceledException", 400, {
    CancellationReasons: codes.map((Code) => ({ Code })),
  });

test.each([
  ["throttling", answer("ThrottlingException", 400)],
  ["a table's throughput", answer("ProvisionedThroughputExceededException", 400)],
  ["a fault of DynamoDB's", answer("InternalServerError", 500)],
  ["a gateway's", answer("Error", 503)],
  ["a refused connection", answer("Error", undefined, { code: "ECONNREFUSED" })],
  ["a broken one", answer("Error", undefined, { code: "ECONNRESET" })],
  ["a silent one", answer("TimeoutError")],
  ["another's transaction", cancelled("None", "TransactionConflict")],
])("%s may pass: STORE_UNAVAILABLE", (_, error) => {
  const fault = faultOf(error, call);
  expect(fault).toMatchObject({ code: "STORE_UNAVAILABLE", isRetryable: true, cause: error });
  expect(fault.message).toMatch(/Query on dev-TOP_SONGS.*6 attempt/);
});

test.each([
  ["permissions", answer("AccessDeniedException", 400), /permissions/],
  ["no credentials", answer("CredentialsProviderError"), /AWS_ACCESS_KEY_ID/],
  ["a call that makes no sense", answer("ValidationException", 400), /as it says/],
  [
    "a table that is not there",
    answer("ResourceNotFoundException", 400),
    /dev-TOP_SONGS does not exist.*topline up/,
  ],
  ["an item too large", cancelled("None", "ValidationError"), /TransactionCanceled/],
])("%s will not: STORE_REFUSED", (_, error, message) => {
  const fault = faultOf(error, call);
  expect(fault).toMatchObject({ code: "STORE_REFUSED", isRetryable: false, cause: error });
  expect(fault.message).toMatch(message);
});

test("a fault of Topline's stays what it is", () => {
  const fault = new ToplineError("LEASE_LOST", "It is gone.");
  expect(faultOf(fault, call)).toBe(fault);
});

test("reasons are told apart", () => {
  expect(cancellationReasons(cancelled("None", "ConditionalCheckFailed"))).toEqual([
    "None",
    "ConditionalCheckFailed",
  ]);
  expect(cancellationReasons(answer("ValidationException", 400))).toBeUndefined();
  expect(isConflict(cancelled("None", "TransactionConflict", "ThrottlingError"))).toBe(true);
  expect(isConflict(cancelled("ConditionalCheckFailed", "TransactionConflict"))).toBe(false);
  expect(isConflict(cancelled("None", "ValidationError"))).toBe(false);
  expect(isConflict(cancelled())).toBe(false);
  expect(isConflict(answer("TransactionConflictException", 400))).toBe(true);
  expect(isConflict(answer("ThrottlingException", 400))).toBe(false);
});
