import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describePytest } from "../../../test/python/pytest.ts";

/** What of the job needs no Spark: its suites in Python. */

const folder = fileURLToPath(new URL("../", import.meta.url));
const files = globSync("tests/{,aws/,delta/,step/}test_*.py", { cwd: folder });

describePytest("pytest", folder, files.toSorted());
