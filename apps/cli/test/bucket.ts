import { text } from "node:stream/consumers";
import { s3Client, s3ObjectStore } from "@topline/aws-adapters/s3";
import type { ObjectStore } from "@topline/core";
import { openHarness } from "@topline/local-harness";
import type { StateEndpoint, TestState } from "./topline.ts";

/** The bucket of a state, as a client of the harness sees it; holds the harness until disposed of. */
export interface OpenBucket extends AsyncDisposable {
  readonly store: ObjectStore;
  keys(prefix: string): Promise<string[]>;
  read(key: string): Promise<string>;
  put(key: string, content: string | Uint8Array): Promise<void>;
}

export async function openBucket(state: TestState): Promise<OpenBucket> {
  await using held = new AsyncDisposableStack();
  const { s3: endpoint, region, bucket, credentials } = state.endpoint ?? (await hold(state, held));
  const client = s3Client({ endpoint, region, credentials, forcePathStyle: true });
  held.defer(() => client.destroy());
  const store = s3ObjectStore({ client, bucket });
  const kept = held.move();
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
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** The harness of the state, for as long as `held` is. */
async function hold({ directory }: TestState, held: AsyncDisposableStack): Promise<StateEndpoint> {
  const { endpoints } = held.use(await openHarness({ stateDirectory: directory }));
  const { accessKeyId, secretAccessKey } = endpoints;
  return { ...endpoints, credentials: { accessKeyId, secretAccessKey } };
}
