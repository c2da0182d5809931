import { GlueClient, type GlueClientConfig } from "@aws-sdk/client-glue";

/**
 * A client whose behaviour does not change with the SDK's defaults. `config` is the SDK's own and wins. `destroy`
 * closes its connections.
 */
export function glueClient(config: GlueClientConfig = {}): GlueClient {
  return new GlueClient({
    // Full jitter, doubling, at most 20 s; AWS's own quota.
    retryMode: "standard",
    maxAttempts: 6,
    requestHandler: {
      connectionTimeout: 3_000,
      // No call of Glue's takes that long: a job is started, not waited for.
      requestTimeout: 15_000,
      throwOnRequestTimeout: true,
    },
    ...config,
  });
}
