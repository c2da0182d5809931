import { dynamoClient } from "@topline/aws-adapters/dynamodb";
import { s3Client } from "@topline/aws-adapters/s3";
import type { HarnessEndpoints } from "@topline/local-harness";
import type { Terminal } from "./terminal.ts";

/** The SDK's clients that the ports are made of. */
export interface Clients extends Disposable {
  readonly s3: ReturnType<typeof s3Client>;
  readonly dynamo: ReturnType<typeof dynamoClient>;
}

export function harnessClients(endpoints: HarnessEndpoints): Clients {
  const { region, accessKeyId, secretAccessKey } = endpoints;
  const credentials = { accessKeyId, secretAccessKey };
  const s3 = s3Client({ region, credentials, endpoint: endpoints.s3, forcePathStyle: true });
  const dynamo = dynamoClient({ region, credentials, endpoint: endpoints.dynamodb });
  return disposable({ s3, dynamo });
}

/**
 * Endpoints and credentials are what the SDK finds by itself: `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL_DYNAMODB`,
 * `AWS_ENDPOINT_URL`, profiles, roles. An S3 that is not AWS's is addressed by paths.
 */
export function externalClients({ env }: Terminal, configuredRegion: string | undefined): Clients {
  const hasEndpoint = (service: "S3" | "DYNAMODB") =>
    [`AWS_ENDPOINT_URL_${service}`, "AWS_ENDPOINT_URL"].some((name) => (env[name] ?? "") !== "");
  const named = [configuredRegion, env["AWS_REGION"], env["AWS_DEFAULT_REGION"]];
  const region = named.find((name) => name !== undefined && name !== "");
  const settings = (service: "S3" | "DYNAMODB") => {
    if (region !== undefined) return { region };
    // Elsewhere than on AWS a region is but a word in the signature.
    return hasEndpoint(service) ? { region: "us-east-1" } : {};
  };
  const s3 = s3Client({ ...settings("S3"), forcePathStyle: hasEndpoint("S3") });
  return disposable({ s3, dynamo: dynamoClient(settings("DYNAMODB")) });
}

function disposable(clients: Pick<Clients, "s3" | "dynamo">): Clients {
  return {
    ...clients,
    [Symbol.dispose]() {
      clients.s3.destroy();
      clients.dynamo.destroy();
    },
  };
}
