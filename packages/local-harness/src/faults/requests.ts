import type { IncomingMessage } from "node:http";
import { readRequest } from "../s3-server/request.ts";
import { operationName } from "../s3-server/routes.ts";
import type { FaultCall } from "./calls.ts";

/** What a request to a service is about, as far as it can be told from outside. */

export type FaultService = "s3" | "dynamodb";

type Described = Pick<FaultCall, "action" | "resource">;

/** @param body of DynamoDB's requests; those of S3's tell nothing */
export const describeRequest = (
  service: FaultService,
  incoming: IncomingMessage,
  body: Uint8Array | undefined,
): Described =>
  service === "s3" ? describeS3(incoming) : describeDynamo(incoming, readInput(body));

/** The key, or for a listing its prefix; of a copy both keys, as ports name it. */
function describeS3(incoming: IncomingMessage): Described {
  try {
    const request = readRequest(incoming, "", () => {});
    const { bucket = "", key, query, headers } = request;
    const action = operationName(request) ?? query.get("x-id") ?? request.method;
    const from = headers.get("x-amz-copy-source");
    if (key !== undefined) {
      return { action, resource: from === undefined ? key : `${sourceKey(from)} -> ${key}` };
    }
    return { action, resource: query.get("prefix") ?? bucket };
  } catch {
    // Not for this proxy to judge: whoever it is forwarded to will.
    return { action: incoming.method ?? "", resource: incoming.url ?? "" };
  }
}

/** Without the bucket. */
function sourceKey(header: string): string {
  const path = decodeURIComponent(header).replace(/^\//, "");
  return path.slice(path.indexOf("/") + 1);
}

export interface DynamoInput {
  readonly TableName?: string;
  readonly Key?: Attributes;
  readonly ExpressionAttributeValues?: Attributes;
  readonly RequestItems?: Readonly<Record<string, unknown>>;
  readonly TransactItems?: readonly Readonly<Record<string, { readonly TableName?: string }>>[];
}

type Attributes = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export function readInput(body: Uint8Array | undefined): DynamoInput {
  try {
    return JSON.parse(new TextDecoder().decode(body)) as DynamoInput;
  } catch {
    return {};
  }
}

/** The tables, and where the request names one item, or queries by a key, the values of that. */
function describeDynamo({ headers }: IncomingMessage, input: DynamoInput): Described {
  const target = String(headers["x-amz-target"] ?? "");
  const action = target.slice(target.indexOf(".") + 1);
  const items = input.TransactItems ?? [];
  const tables = [
    ...(input.TableName === undefined ? [] : [input.TableName]),
    ...Object.keys(input.RequestItems ?? {}),
    ...items.flatMap((item) => Object.values(item).map(({ TableName = "" }) => TableName)),
  ];
  const values = input.Key ?? (action === "Query" ? input.ExpressionAttributeValues : undefined);
  const key = Object.values(values ?? {}).map((value) => String(Object.values(value)[0]));
  return { action, resource: [[...new Set(tables)].join(" + "), ...key].join(" ") };
}
