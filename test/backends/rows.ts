import type { ObjectStoreCapability } from "../../packages/local-harness/src/contracts/object-store.ts";
import type { Need } from "../machine/need.ts";

/** Something that a backend does otherwise than AWS. */
export interface Difference {
  /** The capability that it lacks, if it is one that the contract of the store knows. */
  readonly lacks?: ObjectStoreCapability;
  readonly what: string;
  /** What was asked and answered, of which version. */
  readonly evidence: string;
  /** Why the figures stay right all the same. */
  readonly standIn: string;
}

/** A backend as the suites and the matrix know it. */
export interface BackendRow {
  readonly name: string;
  readonly needs: readonly Need[];
  /** Of its S3. Each that is missing is told in `differences`. */
  readonly capabilities: readonly ObjectStoreCapability[];
  readonly differences: readonly Difference[];
  /** The suites that it is for: those about what it has otherwise than another row. Absent: all. */
  readonly suites?: readonly string[];
}

export const ROWS = {
  embedded: {
    name: "embedded",
    needs: [],
    capabilities: [
      "conditional-put",
      "conditional-put-in-parts",
      "conditional-copy-source",
      "conditional-delete",
      "list-after-any-key",
      "line-feeds-in-keys",
    ],
    differences: [],
  },
  dynamodbLocal: {
    name: "embedded (DynamoDB Local)",
    needs: ["java"],
    capabilities: [
      "conditional-put",
      "conditional-put-in-parts",
      "conditional-copy-source",
      "conditional-delete",
      "list-after-any-key",
      "line-feeds-in-keys",
    ],
    differences: [],
    suites: ["KPI store", "run ledger"],
  },
  containers: {
    name: "containers",
    needs: ["docker"],
    capabilities: ["conditional-put", "conditional-copy-source", "line-feeds-in-keys"],
    differences: [
      {
        lacks: "conditional-put-in-parts",
        what: "CompleteMultipartUpload looks first whether the key is free, and makes the object then",
        evidence:
          "LocalStack 4.14: of three uploads that must create and complete at once, two now and then succeed; one that comes later is answered 412",
        standIn:
          "What Topline must create, manifests and the zone's commits, it puts by one request up to 8 MiB, and only the holder of the lease does.",
      },
      {
        lacks: "conditional-delete",
        what: "DeleteObject knows no If-Match",
        evidence: "LocalStack 4.14: DeleteObject with If-Match is answered 501 NotImplemented",
        standIn:
          "The bucket keeps versions, and the adapter deletes the version that has the ETag by its id: what replaces the object meanwhile is another version, and stays.",
      },
      {
        lacks: "list-after-any-key",
        what: "ListObjectsV2 compares StartAfter with keys as a URL has them",
        evidence:
          "LocalStack 4.14: with EncodingType url and StartAfter p/a, p/\u{1f3b5} is left out of the answer",
        standIn:
          "Topline begins listings after keys of a Delta log alone, which have ASCII letters, digits, dots and underscores.",
      },
    ],
  },
  moto: {
    name: "external (moto)",
    needs: ["python"],
    capabilities: ["conditional-put", "conditional-delete", "list-after-any-key"],
    differences: [
      {
        lacks: "conditional-put-in-parts",
        what: "CompleteMultipartUpload looks first whether the key is free, and makes the object then",
        evidence:
          "moto 5.2: of three uploads that must create and complete at once, two now and then succeed; one that comes later is answered 412",
        standIn:
          "What Topline must create, manifests and the zone's commits, it puts by one request up to 8 MiB, and only the holder of the lease does.",
      },
      {
        lacks: "conditional-copy-source",
        what: "CopyObject overlooks the condition on its source",
        evidence: "moto 5.2: x-amz-copy-source-if-match with another ETag is answered 200",
        standIn:
          "The adapter looks at the source again unless the copy's own ETag shows the same bytes, and deletes a copy of anything else.",
      },
      {
        lacks: "line-feeds-in-keys",
        what: "A key with a line feed cannot be put",
        evidence: "moto 5.2: PutObject is answered 404, with an HTML page of its router",
        standIn:
          "Nobody can put such an object there, so none is lost; no key of Topline's has one.",
      },
      {
        what: "A condition on DeleteObject is looked at first, and the object deleted then",
        evidence:
          "moto 5.2: of 3,000 objects that another replaced while they were deleted with If-Match, 3 others were deleted, Python changing threads every microsecond (none of 6,000 by its default); in turn, none of 3,000",
        standIn:
          "None: an object that replaces another in that very instant goes with it there. The suites' server takes what changes objects one at a time, as whoever works on one of their own must.",
      },
      {
        what: "Transactions of DynamoDB are not isolated: conditions are looked at first, and one that fails puts whole tables back",
        evidence:
          "moto 5.2: of 20 TransactWriteItems at once that must create the same two items, more than one succeeded in 2 of 120 rounds, and 22 were answered 500; in turn, one in each of 120",
        standIn:
          "None: two runs at once may both hold the lease there. The suites' server takes DynamoDB's requests one at a time, as whoever works on one of their own must.",
      },
    ],
  },
} as const satisfies Record<string, BackendRow>;
