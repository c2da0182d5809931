import {
  describeKpiStore,
  describeRunLedger,
  describeZone,
} from "../../../packages/local-harness/src/contracts/index.ts";
import { describeNeeding } from "../../../test/needs.ts";
import { both } from "./bridge/both.ts";

/**
 * The ports' contracts, kept by Python and by both at once: over one bucket and the same tables, either goes on
 * where the other has stopped.
 */

describeNeeding(["python"], "the contracts of the ports", ({ python }) => {
  const open = both(python);

  describeZone("Python's", {
    async open() {
      const bucket = await open().bucket();
      return { ...bucket, zone: bucket.python(), another: bucket.python };
    },
  });

  describeZone("Python's, among TypeScript's", {
    async open() {
      const bucket = await open().bucket();
      return { ...bucket, zone: bucket.python(), another: bucket.typescript };
    },
  });

  describeZone("TypeScript's, among Python's", {
    async open() {
      const bucket = await open().bucket();
      return { ...bucket, zone: bucket.typescript(), another: bucket.python };
    },
  });

  describeKpiStore("published by Python, read by TypeScript", {
    listLimit: 99,
    async open(specs) {
      const tables = await open().tables(specs);
      return { ...tables, store: tables.python.kpis, ledger: tables.typescript.ledger };
    },
  });

  describeRunLedger("Python's, read by TypeScript", {
    async open() {
      const tables = await open().tables([]);
      return { ...tables, ledger: tables.python.ledger };
    },
  });
});
