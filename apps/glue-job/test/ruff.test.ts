import { fileURLToPath } from "node:url";
import { describeRuff } from "../../../test/python/ruff.ts";

describeRuff(fileURLToPath(new URL("../", import.meta.url)));
