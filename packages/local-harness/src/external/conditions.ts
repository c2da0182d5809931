import { randomUUID } from "node:crypto";
import { keepVersions, s3ObjectStore } from "@topline/aws-adapters/s3";
import { inputFolder, type ObjectStore, ToplineError } from "@topline/core";
import { type ExternalTarget, met, type Requirement, unknown, unmet } from "./requirement.ts";

const PUT = "put-if-absent";
const PUT_FOR = "commits of the zone, manifests";
const DELETE = "conditional delete";
const DELETE_FOR = "emptying the inbox";
/** No object's. */
const OTHER_ETAG = `"00000000000000000000000000000000"`;

/**
 * Whether S3 at the target honours the conditions that the figures rest on, tried with a scratch object. An
 * endpoint that answers 501 to a conditional delete is helped by versioning, which is enabled on the bucket then.
 */
export async function tryConditions(target: ExternalTarget): Promise<readonly Requirement[]> {
  const store = s3ObjectStore({ client: target.s3, bucket: target.bucket });
  // Where the copies of a run lie: what a crash leaves here is garbage that is known as such.
  const key = `${inputFolder(`preflight-${randomUUID()}`)}scratch.csv`;
  const tried = [await tryPut(store, key), await tryDelete(target, store, key)];
  await store.delete(key).catch(() => {});
  return tried;
}

async function tryPut(store: ObjectStore, key: string): Promise<Requirement> {
  try {
    await store.put(key, bytesOf("first"), { ifNoneMatch: "*" });
    await store.put(key, bytesOf("second"), { ifNoneMatch: "*" });
  } catch (error) {
    if (ToplineError.is(error, "OBJECT_EXISTS")) return met(PUT, PUT_FOR);
    return unknown(PUT, PUT_FOR, error);
  }
  return unmet(
    PUT,
    PUT_FOR,
    "S3 at this endpoint overlooks If-None-Match: it put an object over another that had to stay, so two writers of the zone could lose each other's commits. Use an S3 that honours conditional writes, as AWS does.",
  );
}

async function tryDelete(
  { s3, bucket }: ExternalTarget,
  store: ObjectStore,
  key: string,
): Promise<Requirement> {
  try {
    const { etag } = await store.put(key, bytesOf("third"));
    if (await deletes(store, key, OTHER_ETAG)) return unmet(DELETE, DELETE_FOR, OVERLOOKED);
    await store.delete(key, { ifMatch: etag }).catch(async (error: unknown) => {
      if (!ToplineError.is(error, "STORE_REFUSED")) throw error;
      await keepVersions(s3, bucket);
      const versioned = await store.put(key, bytesOf("fourth"));
      await store.delete(key, { ifMatch: versioned.etag });
    });
    return met(DELETE, DELETE_FOR);
  } catch (error) {
    return unknown(DELETE, DELETE_FOR, error);
  }
}

const OVERLOOKED =
  "S3 at this endpoint overlooks If-Match on DeleteObject: it deleted an object that had another ETag, so a file that is put again while a run takes it in could be lost. Use an S3 that honours it, as AWS does.";

const deletes = (store: ObjectStore, key: string, etag: string): Promise<boolean> =>
  store.delete(key, { ifMatch: etag }).then(
    () => true,
    (error: unknown) => {
      if (!ToplineError.is(error, "OBJECT_CHANGED")) throw error;
      return false;
    },
  );

const bytesOf = (text: string) => new TextEncoder().encode(text);
