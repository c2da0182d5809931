import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";

/**
 * A client whose behaviour does not change with the SDK's defaults. `config` is the SDK's own and wins;
 * `forcePathStyle: true` belongs with most endpoints that are not AWS's.
 */
export function s3Client(config: S3ClientConfig = {}): S3Client {
  return new S3Client({
    // Full jitter, from 50 ms up (1 s after throttling), doubling, at most 20 s; AWS's own quota.
    retryMode: "standard",
    maxAttempts: 6,
    requestHandler: {
      connectionTimeout: 5_000,
      // Until the answer begins: a whole part has gone up, or was copied, by then.
      requestTimeout: 120_000,
      throwOnRequestTimeout: true,
      // Silence on the line.
      socketTimeout: 60_000,
    },
    // A CRC32 with every write. None is asked for on reads: a range has none.
    requestChecksumCalculation: "WHEN_SUPPORTED",
    responseChecksumValidation: "WHEN_REQUIRED",
    ...config,
  });
}
