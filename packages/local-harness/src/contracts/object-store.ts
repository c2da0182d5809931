import { describe } from "vitest";
import { describeCancelling } from "./object-store/cancelling.ts";
import { describeCopying } from "./object-store/copying.ts";
import { describeDeleting } from "./object-store/deleting.ts";
import { describeKeys } from "./object-store/keys.ts";
import { describeListing } from "./object-store/listing.ts";
import { describeMetadata } from "./object-store/metadata.ts";
import { describeReading } from "./object-store/reading.ts";
import { type Can, type ObjectStoreBackend, storeTestOver } from "./object-store/store-test.ts";
import { describeWriting } from "./object-store/writing.ts";

export {
  OBJECT_STORE_CAPABILITIES,
  type ObjectStoreBackend,
  type ObjectStoreCapability,
  type OpenObjectStore,
} from "./object-store/store-test.ts";

/** Registers the tests of the `ObjectStore` port. */
export function describeObjectStore(name: string, backend: ObjectStoreBackend): void {
  const storeTest = storeTestOver(backend);
  const can: Can = (capability) => backend.capabilities.includes(capability);
  describe(`object store: ${name}`, () => {
    describe("keys", () => {
      describeKeys(storeTest, can("line-feeds-in-keys"));
    });
    describe("list", () => {
      describeListing(storeTest, can);
    });
    describe("get and head", () => {
      describeReading(storeTest);
    });
    describe("put", () => {
      describeWriting(storeTest, can);
    });
    describe("metadata", () => {
      describeMetadata(storeTest);
    });
    describe("copy", () => {
      describeCopying(storeTest, can("conditional-copy-source"));
    });
    describe("delete", () => {
      describeDeleting(storeTest, can("conditional-delete"));
    });
    describe("a signal", () => {
      describeCancelling(storeTest);
    });
  });
}
