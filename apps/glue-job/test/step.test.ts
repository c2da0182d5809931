import { fileURLToPath } from "node:url";
import { describePytest } from "../../../test/python/pytest.ts";

/** What of the job needs no Spark: the step on ports in memory, and its words. */

const folder = fileURLToPath(new URL("../", import.meta.url));

describePytest("the step transform", folder, "tests/step/test_transform.py");
describePytest("stale dates", folder, "tests/step/test_stale.py");
describePytest("the lease while the step works", folder, "tests/step/test_lease.py");
describePytest("arguments", folder, "tests/test_arguments.py");
describePytest("exact JSON", folder, "tests/test_exact_json.py");
