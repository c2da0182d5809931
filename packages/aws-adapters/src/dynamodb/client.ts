import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";

/**
 * A client whose behaviour does not change with the SDK's defaults, and that reads numbers without loss: as
 * `NumberValue`, so that this package's stores can make of them what the column says. `config` is the SDK's own
 * and wins. `destroy` closes its connections.
 */
export function dynamoClient(config: DynamoDBClientConfig = {}): DynamoDBDocumentClient {
  const client = new DynamoDBClient({
    // Full jitter, doubling, at most 20 s; AWS's own quota.
    retryMode: "standard",
    maxAttempts: 6,
    requestHandler: {
      connectionTimeout: 3_000,
      // No call of DynamoDB's takes that long; a transaction of 100 items takes tens of milliseconds.
      requestTimeout: 15_000,
      throwOnRequestTimeout: true,
    },
    ...config,
  });
  const documents = DynamoDBDocumentClient.from(client, {
    unmarshallOptions: { wrapNumbers: true },
  });
  // The SDK's own does nothing, since it cannot know that nobody else has the client below.
  return Object.assign(documents, { destroy: () => client.destroy() });
}
