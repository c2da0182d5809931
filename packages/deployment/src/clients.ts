import { dynamoClient } from "@topline/aws-adapters/dynamodb";
import { s3Client } from "@topline/aws-adapters/s3";

/** The SDK's clients that the ports are made of. */
export interface Clients extends Disposable {
  readonly s3: ReturnType<typeof s3Client>;
  readonly dynamo: ReturnType<typeof dynamoClient>;
}

/** An S3 and a DynamoDB that are not AWS's, such as a harness's. */
export interface Endpoints {
  readonly s3: string;
  readonly dynamodb: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export function clientsAt({ s3, dynamodb, region, ...keys }: Endpoints): Clients {
  const { accessKeyId, secretAccessKey } = keys;
  const settings = { region, credentials: { accessKeyId, secretAccessKey } };
  return disposable({
    s3: s3Client({ ...settings, endpoint: s3, forcePathStyle: true }),
    dynamo: dynamoClient({ ...settings, endpoint: dynamodb }),
  });
}

/**
 * Endpoints and credentials are what the SDK finds by itself: `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL_DYNAMODB`,
 * `AWS_ENDPOINT_URL`, profiles, roles. An S3 that is not AWS's is addressed by paths.
 *
 * @param env to tell whether endpoints are set there; the SDK itself looks into the process's
 */
export function clientsFound(env: Environment, configuredRegion?: string): Clients {
  const s3 = s3Client({
    ...regionFound(env, "S3", configuredRegion),
    forcePathStyle: hasEndpoint(env, "S3"),
  });
  return disposable({ s3, dynamo: dynamoClient(regionFound(env, "DYNAMODB", configuredRegion)) });
}

type Service = "S3" | "DYNAMODB" | "GLUE";

/** For the configuration of a client: nothing, where the SDK is to look for the region elsewhere. */
export function regionFound(
  env: Environment,
  service: Service,
  configured?: string,
): { readonly region?: string } {
  const named = [configured, env["AWS_REGION"], env["AWS_DEFAULT_REGION"]];
  const region = named.find((name) => name !== undefined && name !== "");
  if (region !== undefined) return { region };
  // Elsewhere than on AWS a region is but a word in the signature.
  return hasEndpoint(env, service) ? { region: "us-east-1" } : {};
}

const hasEndpoint = (env: Environment, service: Service) =>
  [`AWS_ENDPOINT_URL_${service}`, "AWS_ENDPOINT_URL"].some((name) => (env[name] ?? "") !== "");

function disposable(clients: Pick<Clients, "s3" | "dynamo">): Clients {
  return {
    ...clients,
    [Symbol.dispose]() {
      clients.s3.destroy();
      clients.dynamo.destroy();
    },
  };
}
