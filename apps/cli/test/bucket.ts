import { text } from "node:stream/consumers";
import { s3Client, s3ObjectStore } from "@topline/aws-adapters/s3";
import type { ObjectStore } from "@topline/core";
import { openHarness } from "@topline/local-harness";
import type { TestState } from "./topline.ts";

/** The bucket of a state, as a client of the harness sees it; holds the harness until disposed of. */
export interface OpenBucket extends AsyncDisposable {
  readonly store: ObjectStore;
  keys(prefix: string): Promise<string[]>;
  read(key: string): Promise<string>;
  put(key: string, content: string | Uint8Array): Promise<void>;
}

export async function openBucket(state: TestState): Promise<OpenBucket> {
  const harness = await openHarness({ stateDirectory: state.directory });
  const { s3: endpoint, region, bucket, accessKeyId, secretAccessKey } = harness.endpoints;
  const credentials = { accessKeyId, secretAccessKey };
  const client = s3Client({ endpoint, region, credentials, forcePathStyle: true });
  const store = s3ObjectStore({ client, bucket });
  return {
    store,
    async keys(prefix) {
      const keys: string[] = [];
      for await (const { key } of store.list(prefix)) keys.push(key);
      return keys;
    },
    read: async (key) => text((await store.get(key)).body),
    async put(key, content) {
      await store.put(
        key,
        typeof content === "string" ? new TextEncoder().encode(content) : content,
      );
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
      await harness[Symbol.asyncDispose]();
    },
  };
}
